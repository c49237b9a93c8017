"""Does the customer ask for a person? Told by phrases, in Chinese and English, for it must not cost a call of the model.

A request that is missed costs a second message; a question that is taken for one costs the customer the answer. So the words that
name a person must stand behind a verb that asks for one, and before nothing that makes another thing of them (人工智能, 人工费).
"""

import re
import unicodedata

_PERSON = r"(?:人工|真人|活人)"
_DESK = r"(?:客服|服务|坐席|座席|客户服务|接待|人员)?"
_END = r"(?=$|[,.!?;~、。…]|[啊呀吧呢了谢哈嘛]|来|帮|处理|回复|解决|回答|接听|跟我|和我|给我)"
_FILLER = r"(?:[一]?下|到|成|入|通|[一]?个|[一]?位|你们的?|贵店的?|店里的?|在线|回|去|至|为|给我|我){0,6}"
_ASKS_ZH = (
    rf"(?:转接?|接[入通]?|切换?|换|呼叫|叫|找|联系|连线|安排){_FILLER}{_PERSON}{_DESK}(?:{_END}|(?=[吗么]))",
    rf"(?:^|[我,.!。、就快直接还])(?:要|需要|想要|想找|请|来|给我){_FILLER}{_PERSON}{_DESK}{_END}",
    rf"(?:跟|和|与|同){_FILLER}(?:{_PERSON}{_DESK}|客服(?:人员)?)(?:直接)?(?:说|聊|谈|讲|沟通|对话|交流|通话)",
    r"(?:有没有|有|能不能|能|可不可以|可以|可否).{0,4}(?:人工|真人)(?:客服|服务|坐席|座席)(?:吗|么|在吗|在线吗)?[?.!~。]*$",
    rf"^{_PERSON}{_DESK}(?:在吗|呢|吧|谢谢|,?快点?|,?急)?[?.!~。]*$",
    r"(?:转接?|换|叫|找)(?:一下|个|一个|位|一位|你们的?)?客服(?:人员)?(?:来|吧|啊|,|[.!~。]|谢谢|$)",
    r"(?:不要|不想要?|别|拒绝)(?:再)?(?:跟|和|让|用|是|要)?(?:这个|个)?机器人(?:客服)?(?:说|聊|回复|回答|了|,|[.!~。]|$)",
)
_NOT_ZH = re.compile(
    r"(?:不用|不需要|不必|无需|不想|不要|先不|先别|别|没让你|为什么(?:不能)?|你是|是不是)(?:再|给我|帮我|要)*(?:转接?|找|换|接[入通]?|叫)"
    rf"|(?:你|您|这|对面)(?:们)?(?:是|到底是)(?:不是)?{_PERSON}|{_PERSON}(?:还是|或者?)机器人|机器人还是"
)
_REQUEST_ZH = re.compile("|".join(_ASKS_ZH))

_HUMAN = (
    r"(?:human(?: being)?s?|(?:real|actual|live|human) (?:person|people|human|agent|rep(?:resentative)?|operator|assistant|staff|chat|support)"
    r"|(?:customer (?:service|support|care)|support|service) (?:agent|rep(?:resentative)?|person|specialist)"
    r"|(?:an?|the|your) (?:agent|rep(?:resentative)?|operator)|someone (?:real|human|who is not a (?:ro)?bot))"
)
_ANYONE = (
    r"(?:humans?(?: being)?|persons?|people|agents?|operators?|rep(?:resentative)?s?|assistants?|(?:some|any) ?(?:body|one)(?: else)?|staff"
    r"|managers?|supervisors?|advis[eo]rs?|employees?)"
)
_KIND = (
    r"(?:\s*\b(?:an?|the|your|some|any|one|of|member|real|actual|live|human|normal|other|directly|bloody|damn(?:ed)?|goddamn|fucking|freaking|customer|support|service))"
    r"{0,5}\s*"
)
_TALK = r"\b(?:(?:talk|speak|chatt?)(?:ing)?\s*(?:to|with)?|(?:contact|reach)(?:ing)?|(?:get|getting) (?:in touch with|through to|hold of|a hold of))"
_PUT = r"\b(?:connect|direct|transfer|switch|hand|pass|put|escalate|forward|route)\b"
_AFTER = r"(?=$|\s*[,.!?;]|\s+(?:please|pls|now|about|for|regarding|right|here|at|in|on|who|that|asap|today|because|thanks|and|so|already|instead|tbh|directly|working|how|if|is it|could (?:you|u|ya)|can (?:you|u|ya)|to help)\b)"
_ASKS_EN = (
    rf"{_TALK}{_KIND}\b{_ANYONE}{_AFTER}",
    rf"{_PUT}.{{0,24}}\b{_HUMAN}{_AFTER}",
    rf"{_PUT} (?:to )?(?:me|us|this|the (?:chat|call|conversation)).{{0,16}}\b{_ANYONE}{_AFTER}",
    rf"(?<!do )(?<!does )\b(?:i|we)(?:'d| would| really| just)*(?: like| want| need| prefer| demand)\b.{{0,16}}\b{_HUMAN}{_AFTER}",
    rf"\b(?:get|give|find|call|send) me\b.{{0,12}}\b(?:{_HUMAN}|a person){_AFTER}",
    rf"\b(?:can|could|may) (?:i|we) (?:have|get)\b.{{0,12}}\b{_HUMAN}{_AFTER}",
    rf"\b(?:{_HUMAN}|a person|someone|anyone|somebody)\b.{{0,24}}\b(?:i|we) (?:can|could) (?:talk|speak|chat) (?:to|with)",
    rf"\b(?:is there|are there) (?:a |any )?{_HUMAN}(?: available| there| here)?[?.! ]*$",
    r"^(?:human|agent|representative|operator|real person|live agent|live chat|customer service|(?:a )?human please)(?:,? (?:please|now|pls))?[.!? ]*$",
)
_REQUEST_EN = re.compile("|".join(_ASKS_EN))
_NOT_EN = re.compile(
    r"\b(?:don't|do not|didn't|never|not)(?: really| even)? (?:want|wish|need|have|like|care|connect|transfer|put|pass|hand)\b"
    r"|\b(?:no need|without having|instead of|rather than)\b[^,.;]{0,12}\b(?:talk|speak|chat|contact|transfer|connect)|\b(?:are you|is this|am i (?:talk|speak|chatt)ing)\b"
)

_COURTESY = re.compile(
    r"(?:(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks?(?: you)?(?: (?:so|very) much)?|thx|ok(?:ay)?|great|bye|goodbye|got it|yes|no)"
    r"(?: there)?|(?:你|您)?好[的呀啊吧]?|在吗|在不在|早上好|下午好|晚上好|早|嗨|哈喽|谢谢(?:你|您|啦|了)?|多谢|感谢|好的?(?:谢谢)?|嗯+|哦+|再见|拜拜|知道了|明白了?|行|收到)"
    r"[\s,.!?~。]*"
)


def plain(text: str) -> str:
    """Half-width and case-folded, with one blank between words and none between Han characters."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    spaced = re.sub(r"\s+", " ", folded).strip()
    return re.sub(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", spaced)


def asks_for_person(question: str) -> bool:
    """Whether it asks for a person, and not about one."""
    said = plain(question)
    if _REQUEST_ZH.search(said):
        return not _NOT_ZH.search(said)
    return bool(_REQUEST_EN.search(said)) and not _NOT_EN.search(said)


def is_courtesy(question: str) -> bool:
    """Whether it only greets, thanks or agrees: no knowledge answers that, and no person has to."""
    return bool(_COURTESY.fullmatch(plain(question)))

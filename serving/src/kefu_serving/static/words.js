// Everything that the page itself says, in the languages that it speaks.

const WORDS = {
  zh: {
    question: "输入您的问题", send: "发送", stop: "停止", fresh: "新对话",
    doorTitle: "请输入访问密钥", doorText: "密钥只保存在当前浏览器标签页中。", key: "访问密钥", enter: "进入",
    sources: "依据", cite: (n) => `查看依据 ${n}`, answering: "正在回答", answered: "回答完毕",
    stopped: "已停止。", noMemory: "（暂时无法记住之前的对话）", wrongKey: "密钥无效，请重新输入。",
    offline: "连接不上服务，请检查网络后重试。", broken: "回答中断了，请再问一次。", greeting: "您好，请问有什么可以帮您？",
    up: "有帮助", down: "没有帮助", thanks: "谢谢您的反馈。", notRated: "反馈没有送达，请稍后再试。",
    person: "人工客服", passedOn: "消息已转给人工客服。", personLeft: "人工服务已结束，由机器人继续为您服务。",
    faults: {
      V1003: "请输入问题。", V1004: "问题太长了，请缩短后再发送。", V1005: "问题里有无法识别的字符，请修改后再发送。",
      V1006: "内容太长了，请缩短后再发送。", V4001: "暂时无法作答，请稍后再试。", V4002: "回答中断了，请再问一次。",
      V4003: "回答超时了，请再问一次。", V4004: "正在启动，请一两分钟后再试。", V5002: "暂时无法转接人工客服，请稍后再试。",
    },
    fault: (code) => `出了点问题（${code}），请稍后再试。`,
  },
  en: {
    question: "Type your question", send: "Send", stop: "Stop", fresh: "New chat",
    doorTitle: "Enter your access key", doorText: "It is kept in this browser tab only.", key: "Access key", enter: "Enter",
    sources: "Sources", cite: (n) => `Show source ${n}`, answering: "Answering", answered: "Answer complete",
    stopped: "Stopped.", noMemory: "(Earlier messages cannot be recalled right now.)", wrongKey: "That key is not valid; please try again.",
    offline: "The service cannot be reached. Check your connection and try again.",
    broken: "The answer broke off. Please ask again.", greeting: "Hello! How can I help?",
    up: "Helpful", down: "Not helpful", thanks: "Thank you for your feedback.", notRated: "That did not arrive; please try again in a moment.",
    person: "Our staff", passedOn: "Passed on to our staff.", personLeft: "Our staff has left; the bot answers again.",
    faults: {
      V1003: "Please type a question.", V1004: "That question is too long; please shorten it.",
      V1005: "The question holds characters that cannot be read; please change it.",
      V1006: "That is too long; please shorten it.", V4001: "No answer is possible right now. Please try again in a moment.",
      V4002: "The answer broke off. Please ask again.", V4003: "The answer took too long. Please ask again.",
      V4004: "It is still starting. Please try again in a minute or two.",
      V5002: "Our staff cannot be reached right now. Please try again in a moment.",
    },
    fault: (code) => `Something went wrong (${code}). Please try again in a moment.`,
  },
};

export const language = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
export const words = WORDS[language];

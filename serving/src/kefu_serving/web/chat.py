"""`POST /v1/chat`: one turn, as JSON or as server-sent events (`kefu_api.wire.chat` names them)."""

from kefu_api.wire.chat import ChatRequest, ChatResponse, ChatStart
from kefu_serving.errors import EngineError
from kefu_serving.turn.conversation import new_session
from kefu_serving.turn.state import Asked, Turn
from kefu_serving.variants.serving import Assigned, Serving
from kefu_serving.web.asgi import Headers, Receive, Scope, Send, dumps, respond_json
from kefu_serving.web.body import parse, read
from kefu_serving.web.edge import Caller
from kefu_serving.web.listening import while_listening
from kefu_serving.web.problems import problem_of
from kefu_serving.web.stream import EventStream


def response_of(turn: Turn, assigned: Assigned) -> ChatResponse:
    """The whole turn, as the wire has it; the turn must have ended."""
    if turn.outcome is None:
        raise ValueError("the turn has not ended")
    return ChatResponse(
        session=turn.session,
        turn=turn.id,
        answer=turn.answer,
        outcome=turn.outcome,
        code=turn.code,
        language=turn.language,
        citations=turn.citations,
        release=assigned.release,
        index_version=turn.evidence.version if turn.evidence else None,
        memory=turn.memory,
        receipt=None if turn.over else assigned.receipt(turn),
        action=turn.action,
    )


class Whole:
    """The customer's end of a turn that is answered in one piece."""

    async def begin(self, turn: Turn) -> None:
        """Nothing to say yet."""

    async def delta(self, text: str) -> None:
        """Kept by the turn itself."""


class Events:
    """The customer's end of a streamed turn."""

    def __init__(self, stream: EventStream, release: str) -> None:
        self._stream = stream
        self._release = release

    async def begin(self, turn: Turn) -> None:
        """Sends `start`."""
        await self._stream.begin()
        start = ChatStart(session=turn.session, turn=turn.id, release=self._release)
        await self._stream.event(start.model_dump_json(by_alias=True).encode(), b"start")

    async def delta(self, text: str) -> None:
        """Sends `delta`."""
        await self._stream.event(b'{"text":' + dumps(text) + b"}", b"delta")


def header_of(release: str) -> tuple[bytes, bytes]:
    """The header that says which release answers."""
    return b"x-kefu-release", release.encode()


async def chat(scope: Scope, receive: Receive, send: Send, caller: Caller, serving: Serving, headers: Headers) -> None:
    """Serves one turn. Raises GatewayError while an HTTP status can still be chosen."""
    request = parse(await read(scope, receive), ChatRequest)
    asked = Asked(
        message=request.message,
        channel=caller.channel,
        owner=caller.key,
        session=request.session or new_session(),
        new_session=request.session is None,
        user=request.user,
        request_id=caller.request_id,
        headers=caller.trace,
    )
    assigned = serving.assign(asked, caller.variant)
    headers = [*headers, header_of(assigned.release)]
    if request.stream:
        await while_listening(receive, _stream(assigned, caller.request_id, EventStream(send, headers)))
    else:
        turn = await while_listening(receive, assigned.turn(Whole()))
        content = response_of(turn, assigned).model_dump_json(by_alias=True)
        await respond_json(send, 200, content, headers)


async def _stream(assigned: Assigned, request_id: str, stream: EventStream) -> None:
    release = assigned.release
    try:
        async with stream.kept_alive():
            turn = await assigned.turn(Events(stream, release))
    except EngineError as error:
        if not stream.begun:
            raise
        problem = problem_of(error, request_id)
        await stream.event(problem.model_dump_json(by_alias=True).encode(), b"error")
    else:
        await stream.event(response_of(turn, assigned).model_dump_json(by_alias=True).encode(), b"done")
    await stream.end()

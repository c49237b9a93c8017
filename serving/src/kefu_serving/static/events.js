// Server-sent events out of a fetch response: EventSource can neither POST nor send a key.

export async function* events(body) {
  const decoder = new TextDecoder();
  let rest = "";
  for (const reader = body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const field = (name) => block.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      if (field("data") === undefined) continue; // a comment, which keeps the connection alive
      yield { name: field("event"), data: JSON.parse(field("data")) };
    }
  }
}

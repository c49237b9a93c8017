// What a person says in place of the bot: asked for again and again, for as long as a person has the conversation.

const PAUSE = 2000; // milliseconds

// `said` is given each text, `left` is called when the bot has the conversation again.
export function person(said, left) {
  let watched = null; // session and key
  let timer = null;
  let newest = 0;
  let there = false;
  const heard = new Set(); // By number and time, for numbers begin at 1 again once Redis has forgotten the conversation.

  async function look(one) {
    const found = await messages(one, newest);
    if (watched !== one) return;
    if (found?.refused) {
      watched = null; // Until there is an answer to a question that was asked with a valid key.
      return;
    }
    const news = (found?.messages ?? []).filter((message) => !heard.has(mark(message)));
    for (const message of news) {
      heard.add(mark(message));
      if (message.speaker === "person") said(message.text);
    }
    newest = found?.messages.at(-1)?.number ?? newest;
    there ||= found?.withPerson ?? false;
    if (found && !found.withPerson && !found.messages.length) {
      watched = null;
      newest = 0;
      if (there) left();
      there = false;
      return;
    }
    const known = found?.messages.length && !news.length;
    timer = setTimeout(look, known ? 0 : PAUSE, one);
  }

  function stop() {
    clearTimeout(timer);
    watched = null;
    newest = 0;
    there = false;
    heard.clear();
  }

  // `anew`: the conversation was handed over just now.
  function watch(session, key, anew = false) {
    if (!anew && watched?.session === session && watched.key === key) return;
    if (anew) newest = 0;
    clearTimeout(timer);
    watched = { session, key };
    look(watched);
  }

  return { watch, stop };
}

function mark({ number, at }) {
  return `${number} ${at}`;
}

async function messages({ session, key }, after) {
  try {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(`/v1/chat/${session}/messages?after=${after}`, { headers });
    if (response.status === 401) return { refused: true };
    return response.ok ? await response.json() : null;
  } catch {
    return null; // Offline, or Redis is away: the next look will tell.
  }
}

// What a person says in place of the bot: asked for again and again, for as long as a person has the conversation.

const PAUSE = 2000; // milliseconds

// `said` is given each text, `left` is called when the bot has the conversation again.
export function person(said, left) {
  let watched = null;
  let timer = null;
  let newest = 0;
  let there = false;

  async function look(session, key) {
    const found = await messages(session, key, newest);
    if (watched !== session) return;
    for (const message of found?.messages ?? []) {
      newest = message.number;
      if (message.speaker === "person") said(message.text);
    }
    there ||= found?.withPerson ?? false;
    if (found && !found.withPerson && !found.messages.length) {
      watched = null;
      if (there) left();
      return;
    }
    timer = setTimeout(look, PAUSE, session, key);
  }

  function stop() {
    clearTimeout(timer);
    watched = null;
    newest = 0;
    there = false;
  }

  function watch(session, key) {
    if (watched === session) return;
    watched = session;
    look(session, key);
  }

  return { watch, stop };
}

async function messages(session, key, after) {
  try {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(`/v1/chat/${session}/messages?after=${after}`, { headers });
    return response.ok ? await response.json() : null;
  } catch {
    return null; // Offline, or Redis is away: the next look will tell.
  }
}

// The chat page: asks /v1/chat and shows the answer as it is written. Text only ever enters the page as text nodes.

import { events } from "./events.js";
import { person } from "./person.js";
import { thumbs } from "./thumbs.js";
import { language, words } from "./words.js";

const $ = (id) => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};

let key = takeKey();
let session = sessionStorage.getItem("kefu.session");
let running = null;
const staff = person(
  (text) => {
    const { item, text: said } = bubble("bot person");
    item.prepend(make("p", { className: "note", textContent: words.person }));
    said.textContent = text;
    follow();
  },
  () => note(bubble("event").item, words.personLeft),
);

// The key comes in the fragment, which browsers never send to a server, and leaves the address bar at once.
function takeKey() {
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given) {
    sessionStorage.setItem("kefu.key", given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return given ?? sessionStorage.getItem("kefu.key");
}

function askForKey(reason = words.doorText) {
  $("door-text").textContent = reason;
  $("key").value = "";
  $("door").showModal();
}

function label() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  $("question").placeholder = words.question;
  document.querySelector("label[for=question]").textContent = words.question;
  for (const id of ["send", "stop", "fresh", "enter"]) $(id).textContent = words[id];
  $("door-title").textContent = words.doorTitle;
  $("key-label").textContent = words.key;
}

async function greet() {
  let persona = {};
  try {
    persona = await (await fetch("/persona.json")).json();
  } catch {
    // Offline: the page greets by itself, and the first question will say what is wrong.
  }
  if (persona.name) document.title = $("name").textContent = persona.name;
  bubble("bot").text.textContent = persona.greeting || words.greeting;
}

function bubble(kind) {
  const text = make("p");
  const item = make("li", { className: `turn ${kind}` }, text);
  $("log").append(item);
  follow();
  return { item, text };
}

function follow() {
  const main = document.querySelector("main");
  main.scrollTop = main.scrollHeight;
}

function note(item, text, kind = "") {
  item.append(make("p", { className: `note ${kind}`, textContent: text }));
  follow();
}

function busy(on) {
  $("send").hidden = on;
  $("stop").hidden = !on;
  $("status").textContent = on ? words.answering : words.answered;
}

async function ask(message) {
  const own = bubble("own");
  own.text.textContent = message;
  const { item, text } = bubble("bot waiting");
  item.setAttribute("aria-busy", "true");
  running = new AbortController();
  busy(true);
  try {
    await answer(message, item, text, running.signal);
  } catch (error) {
    if (error.name === "AbortError") note(item, words.stopped);
    else note(item, text.textContent ? words.broken : words.offline, "fault");
  } finally {
    running = null;
    item.classList.remove("waiting");
    item.removeAttribute("aria-busy");
    busy(false);
    $("fresh").hidden = false;
    $("question").focus();
  }
}

async function answer(message, item, text, signal) {
  const response = await fetch("/v1/chat", {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "x-kefu-channel": "web" },
    body: JSON.stringify({ message, stream: true, ...(session && { session }) }),
    signal,
  });
  if (response.status === 401) return refuseKey(item, message);
  if (!response.ok) return fail(item, (await response.json()).code);
  let ended = false;
  for await (const { name, data } of events(response.body)) {
    if (name === "start") keepSession(data.session);
    if (name === "delta") text.append(data.text);
    if (name === "error") fail(item, data.code);
    if (name === "done") finish(item, text, data);
    ended ||= name === "done" || name === "error";
    follow();
  }
  if (!ended) note(item, words.broken, "fault");
}

function refuseKey(item, message) {
  item.previousSibling.remove();
  item.remove();
  $("question").value = message;
  askForKey(words.wrongKey);
}

function fail(item, code) {
  note(item, words.faults[code] ?? words.fault(code), "fault");
}

function keepSession(id) {
  session = id;
  sessionStorage.setItem("kefu.session", id);
}

function finish(item, text, turn) {
  const sources = turn.citations.map(source);
  text.replaceChildren(...linked(turn.answer, turn.citations, sources));
  if (sources.length) item.append(make("div", { className: "sources" }, ...sources));
  if (!turn.memory) note(item, words.noMemory);
  if (turn.receipt) item.append(thumbs(turn.receipt, key));
  if (turn.outcome === "withPerson") note(item, words.passedOn);
  if (turn.outcome === "withPerson") staff.watch(turn.session, key);
  if (turn.outcome === "handedOver") staff.watch(turn.session, key, true);
}

function source(citation) {
  const summary = make("summary", { textContent: `[${citation.number}] ${citation.title}` });
  const quote = make("blockquote", { textContent: citation.text, title: citation.document });
  return make("details", {}, summary, quote);
}

// The answer's [1] become buttons that unfold the source.
function linked(answer, citations, sources) {
  return answer.split(/(\[\d+\])/).map((part) => {
    const at = citations.findIndex((citation) => part === `[${citation.number}]`);
    if (at < 0) return part;
    const button = make("button", { type: "button", className: "cite", textContent: part });
    button.setAttribute("aria-label", words.cite(citations[at].number));
    button.addEventListener("click", () => {
      sources[at].open = true;
      sources[at].firstChild.focus();
    });
    return button;
  });
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const message = $("question").value.trim();
  if (!message || running) return;
  if (!key) return askForKey();
  $("question").value = "";
  ask(message);
});

$("question").addEventListener("keydown", (event) => {
  // Enter while an input method is composing chooses a word; it does not send.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("ask").requestSubmit();
  }
});

document.addEventListener("keydown", (event) => event.key === "Escape" && running?.abort());
$("stop").addEventListener("click", () => running?.abort());
$("fresh").addEventListener("click", () => {
  running?.abort();
  staff.stop();
  session = null;
  sessionStorage.removeItem("kefu.session");
  $("log").replaceChildren();
  $("fresh").hidden = true;
  greet();
});

// On submit and not on close, which comes a task later: who asks at once must not ask with the key before.
$("door").addEventListener("submit", () => {
  const given = $("key").value.trim();
  if (!given) return;
  key = given;
  sessionStorage.setItem("kefu.key", key);
  if (session) staff.watch(session, key);
});
$("door").addEventListener("close", () => $("question").focus());

label();
await greet();
if (!key) askForKey();
else if (session) staff.watch(session, key);

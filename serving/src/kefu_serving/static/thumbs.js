// A customer's thumb under an answer: sent with the answer's receipt, which the gateway counts once.

import { words } from "./words.js";

const SIGNS = { up: "👍", down: "👎" };

// The row of buttons; it gives way to a word of thanks once the rating has arrived.
export function thumbs(receipt, key) {
  const row = document.createElement("div");
  row.className = "thumbs";
  const told = document.createElement("span");
  told.setAttribute("role", "status");
  const buttons = Object.entries(SIGNS).map(([rating, sign]) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "quiet", textContent: sign, title: words[rating] });
    button.setAttribute("aria-label", words[rating]);
    button.addEventListener("click", () => rate(rating));
    return button;
  });
  const able = (on) => buttons.forEach((button) => (button.disabled = !on));

  async function rate(rating) {
    able(false);
    if (await arrives({ receipt, rating }, key)) {
      buttons.forEach((button) => button.remove());
      told.textContent = words.thanks;
    } else {
      told.textContent = words.notRated;
      able(true);
    }
  }

  row.append(...buttons, told);
  return row;
}

async function arrives(body, key) {
  try {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    return (await fetch("/v1/feedback", { method: "POST", headers, body: JSON.stringify(body) })).ok;
  } catch {
    return false;
  }
}

// The server's side of the page: live training over a WebSocket, and Python's own explanations.

import { remember, remembered } from "./memory.js";

const PATIENCE = [200, 600, 1200]; // milliseconds between the attempts to reach it again

const GONE = "The server does not answer any more; what was saved is kept.";

// θ travels as the bytes of its float64 numbers. A loop: Uint8Array.from takes 8 ms for 20,000.
function withTheta({ theta64, ...news }) {
  if (!theta64) return news;
  const letters = atob(theta64);
  const bytes = new Uint8Array(letters.length);
  for (let k = 0; k < bytes.length; k++) bytes[k] = letters.charCodeAt(k);
  return { ...news, theta: Array.from(new Float64Array(bytes.buffer)) };
}

// A reload keeps the tab's name, so that the server knows who comes back.
function tabName() {
  const name = remembered("tab") ?? String(Math.random()).slice(2);
  remember("tab", name);
  return name;
}

function trainAddress() {
  const address = new URL("train", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  address.searchParams.set("tab", tabName());
  return address;
}

// tell(news) hears what arrives; lost() is called when the server does not answer any more.
function link(tell, lost) {
  const state = { socket: null, waiting: [], attempts: 0, leaving: false };

  function open() {
    const socket = new WebSocket(trainAddress());
    state.socket = socket;
    socket.onopen = () => {
      state.attempts = 0;
      state.waiting.splice(0).forEach((text) => socket.send(text));
    };
    socket.onmessage = (event) => tell(withTheta(JSON.parse(event.data)));
    socket.onclose = () => state.leaving || again();
  }

  function again() {
    if (state.attempts < PATIENCE.length) return setTimeout(open, PATIENCE[state.attempts++]);
    tell({ going: false, done: true, says: GONE });
    return lost();
  }

  addEventListener("pagehide", () => (state.leaving = true));
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  open();
  return (message) => {
    const text = JSON.stringify(message);
    if (state.socket.readyState === WebSocket.OPEN) return state.socket.send(text);
    if (state.attempts === PATIENCE.length) return lost();
    return state.waiting.push(text);
  };
}

async function asked(where, question, lost) {
  const headers = { "Content-Type": "application/json" };
  try {
    const response = await fetch(where, { method: "POST", headers, body: JSON.stringify(question) });
    return response.ok ? await response.json() : null;
  } catch {
    lost();
    return null;
  }
}

export function connect(lost) {
  return {
    async explain(question) {
      const body = JSON.stringify(question);
      const headers = { "Content-Type": "application/json" };
      try {
        const response = await fetch("explain", { method: "POST", headers, body });
        return response.ok ? (await response.json()).text : null;
      } catch {
        lost();
        return null;
      }
    },

    // A row that the page does not have, and what a model answers to one with other cells; or null.
    row: (wish) => asked("row", wish, lost),
    answer: (cells) => asked("answer", cells, lost),

    // What the judge found; null where it was cancelled.
    async judge(question, signal) {
      const body = JSON.stringify(question);
      const headers = { "Content-Type": "application/json" };
      try {
        const response = await fetch("debug", { method: "POST", headers, body, signal });
        return await response.json();
      } catch (error) {
        if (error.name === "AbortError") return null;
        lost();
        return { says: GONE };
      }
    },

    trainer(tell) {
      const send = link(tell, lost);
      return {
        start: (settings) => send({ do: "start", ...settings }),
        pause: () => send({ do: "pause" }),
        resume: () => send({ do: "resume" }),
        stop: () => send({ do: "stop" }),
        set: (settings) => send({ do: "set", ...settings }),
        save: () => send({ do: "save" }),
      };
    },
  };
}

// The server's side of the page: live training over a WebSocket, and Python's own explanations.

// θ travels as the bytes of its float64 numbers.
function withTheta(news) {
  if (!news.theta64) return news;
  const bytes = Uint8Array.from(atob(news.theta64), (c) => c.charCodeAt(0));
  return { ...news, theta: [...new Float64Array(bytes.buffer)] };
}

export function connect() {
  return {
    async explain(question) {
      const response = await fetch("explain", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(question),
      });
      return response.ok ? (await response.json()).text : null;
    },

    trainer(tell) {
      const address = new URL("train", location.href);
      address.protocol = address.protocol.replace("http", "ws");
      let socket = null;
      const waiting = []; // orders given while the connection is being made
      function connected() {
        if (socket && socket.readyState <= WebSocket.OPEN) return socket;
        socket = new WebSocket(address);
        socket.onopen = () => waiting.splice(0).forEach((text) => socket.send(text));
        socket.onmessage = (event) => tell(withTheta(JSON.parse(event.data)));
        socket.onclose = () => tell({ going: false, says: "The connection is closed; what was saved is kept." });
        return socket;
      }
      function send(message) {
        const text = JSON.stringify(message);
        if (connected().readyState === WebSocket.OPEN) socket.send(text);
        else waiting.push(text);
      }
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

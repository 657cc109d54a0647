// Runs once, when #top is on the page. Gradio's page sends an event (`queue/join`) and reads the
// results of all its events from one stream (`queue/data`), which the server ends when nothing is
// pending. An event that is sent while that end is on its way would be lost: the page believes the
// stream to be open, and waits on it for ever. So the response to an event is held back until a
// stream has named the event, or the current stream is over. And if a stream breaks while nothing
// is pending, for example because the server was restarted, it is ended as the server would end it.

const CLOSED = '"msg":"close_stream"';
const END = new TextEncoder().encode(`data: {${CLOSED},"event_id":null}\n\n`);
const TOLD = /"msg":"(\w+)","event_id":"(\w+)"/g;
const LONGEST = 100; // The most characters that TOLD matches.
const READ = 50; // Milliseconds in which the page reads the end of a stream that it was given.

const send = window.fetch;
const named = new Set(); // The events that streams have named.
const waiting = new Map(); // What to resume when an event is named.
const completed = new Set(); // Those of them that are completed.
const pending = new Set(); // The events that were sent, and are not completed.
let reading = null; // The stream that the page believes to be open.

const begun = () => {
  const stream = {};
  stream.over = new Promise((end) => (stream.end = end));
  stream.over.then(() => reading === stream && (reading = null));
  return stream;
};

const followed = (response, stream) => {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let closed = false; // Whether the server has announced the end.
  const note = (bytes) => {
    text += decoder.decode(bytes, { stream: true });
    closed ||= text.includes(CLOSED);
    for (const [, message, id] of text.matchAll(TOLD)) {
      named.add(id);
      waiting.get(id)?.();
      if (message !== "process_completed") continue;
      completed.add(id);
      pending.delete(id);
    }
    text = text.slice(-LONGEST);
  };
  const end = (page, error) => {
    if (closed || !pending.size) {
      if (!closed) page.enqueue(END);
      page.close();
    } else {
      pending.clear(); // Those that wait are told that it broke.
      page.error(error);
    }
    setTimeout(stream.end, READ);
  };
  const body = new ReadableStream({
    async pull(page) {
      try {
        const { done, value } = await reader.read();
        if (done) return end(page, new TypeError("The stream of events broke."));
        note(value);
        page.enqueue(value);
      } catch (error) {
        end(page, error);
      }
    },
    cancel: (reason) => reader.cancel(reason).finally(stream.end),
  });
  return new Response(body, response);
};

window.fetch = async (...given) => {
  const path = new URL(given[0]?.url ?? given[0], document.baseURI).pathname;
  if (path.endsWith("/queue/data")) {
    const stream = (reading = begun());
    (given[1] ?? given[0])?.signal?.addEventListener("abort", stream.end);
    try {
      return followed(await send(...given), stream);
    } catch (error) {
      stream.end();
      throw error;
    }
  }
  const response = await send(...given);
  if (path.endsWith("/queue/join") && response.ok) {
    const { event_id: id } = await response.clone().json();
    if (!completed.has(id)) pending.add(id);
    const isNamed = new Promise((go) => (named.has(id) ? go() : waiting.set(id, go)));
    if (reading) await Promise.race([isNamed, reading.over]);
    waiting.delete(id);
  }
  return response;
};

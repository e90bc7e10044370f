// Opens GraphiQL on the path of this page, with a tab for each of the server's named operations.
"use strict";

(() => {
  const root = document.getElementById("graphiql");
  const here = document.currentScript.src;

  function say(...lines) {
    const paragraphs = lines.map((line) => Object.assign(document.createElement("p"), { textContent: line }));
    const message = Object.assign(document.createElement("div"), { className: "message" });
    message.setAttribute("role", "alert");
    message.append(...paragraphs);
    root.replaceChildren(message);
  }

  async function readTour() {
    try {
      const response = await fetch(new URL("operations.json", here));
      if (!response.ok) throw new Error(`operations.json: HTTP status ${response.status}`);
      const operations = await response.json();
      return operations.map(({ query, variables }) => ({
        query,
        variables: Object.keys(variables).length ? JSON.stringify(variables, null, 2) : "",
      }));
    } catch (error) {
      console.warn("GraphiQL opens without the server's operations:", error);
      return [];
    }
  }

  // What the visitor wrote or changed: the stored tabs that are neither in the tour they once saw nor in today's.
  function ownTabs(stored, before, tour) {
    const text = ({ query, variables }) => JSON.stringify([(query ?? "").trim(), (variables ?? "").trim()]);
    try {
      const known = new Set([...JSON.parse(before), ...tour].map(text));
      const { tabs } = JSON.parse(stored);
      return tabs
        .filter((tab) => tab.query && !known.has(text(tab)))
        .map(({ query, variables, headers }) => ({ query, variables, headers }));
    } catch {
      return []; // nothing was stored, or nothing that can be read
    }
  }

  // The link that `rapporteur replay` prints names a meeting: a tab that follows it comes first.
  function withMeeting(tour) {
    const meetingId = new URLSearchParams(location.search).get("meeting");
    const live = tour.find(({ query }) => query.includes("subscription SegmentUpdates"));
    if (!meetingId || !live) return tour;
    return [{ query: live.query, variables: JSON.stringify({ meetingId }, null, 2) }, ...tour];
  }

  // GraphiQL prefers its stored tabs to the default ones. So where the tour is not the one that they were made from (a
  // first visit, a newer server), they make way for the new tour and the visitor's own tabs behind it.
  function startingTabs(storage, tour) {
    if (!tour.length) return undefined;
    const today = JSON.stringify(tour);
    const before = storage.getItem("tour");
    const stored = storage.getItem("graphiql:tabState");
    if (stored && before === today) return tour;
    const own = ownTabs(stored, before, tour);
    storage.removeItem("graphiql:tabState");
    storage.removeItem("graphiql:headers");
    storage.setItem("tour", today);
    // Without these the first default tab lacks its variables (graphql/graphiql#3392), and a reload adds a tab.
    storage.setItem("graphiql:query", tour[0].query);
    storage.setItem("graphiql:variables", tour[0].variables);
    return [...tour, ...own];
  }

  // A key that was given among the headers of one tab is sent from all of them, and with subscriptions, until the page is left.
  function sharingKey(fetcher) {
    let key = {};
    return (parameters, options) => {
      const headers = options?.headers ?? {};
      const given = Object.entries(headers).filter(([name]) => name.toLowerCase() === "authorization");
      if (given.length) key = Object.fromEntries(given);
      return fetcher(parameters, { ...options, headers: { ...key, ...headers } });
    };
  }

  async function open() {
    const { React, ReactDOM, GraphiQL } = window;
    if (!React || !ReactDOM || !GraphiQL) {
      say(
        "GraphiQL's files did not load.",
        "The server has them in the folder graphiql/ beside this page: a proxy in between must let that pass, too.",
      );
      return;
    }
    const url = new URL(location.pathname, location.origin);
    const sockets = new URL(url);
    sockets.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    // A namespace of its own: other servers' GraphiQL pages were on this host and port too (127.0.0.1:8000, say).
    const storage = GraphiQL.createLocalStorage({ namespace: "rapporteur" });
    const properties = {
      fetcher: sharingKey(GraphiQL.createFetcher({ url: url.href, subscriptionUrl: sockets.href })),
      storage,
      defaultEditorToolsVisibility: true,
      inputValueDeprecation: true,
      defaultTabs: startingTabs(storage, withMeeting(await readTour())),
    };
    const logo = React.createElement(GraphiQL.Logo, null, "Rapporteur");
    ReactDOM.createRoot(root).render(React.createElement(GraphiQL, properties, logo));
  }

  open().catch((error) => {
    console.error(error);
    say("GraphiQL could not start.", String(error));
  });
})();

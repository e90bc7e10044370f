// Opens GraphiQL on the path of this page, with six tabs to start from; the server's other operations are favorites of its history.
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
      return operations.map(({ name, query, starter, variables }) => ({
        name,
        query,
        starter,
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

  // The id of the meeting to follow: the one in the link that `rapporteur replay` prints, else the newest that is recording.
  async function liveMeeting(url) {
    const linked = new URLSearchParams(location.search).get("meeting");
    if (linked) return linked;
    try {
      const query = "{ meetings(first: 1, filter: { state: RECORDING }) { nodes { id } } }";
      const headers = { "Content-Type": "application/json", Accept: "application/json" };
      const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ query }) });
      return (await response.json()).data.meetings.nodes[0]?.id;
    } catch {
      return undefined; // the server asks for a key, perhaps
    }
  }

  // The tab that follows a meeting live gets one in which something happens, and comes first if a link named it.
  function withLiveMeeting(tour, meetingId) {
    const isLive = ({ name }) => name === "SegmentUpdates";
    if (!meetingId || !tour.some(isLive)) return tour;
    const variables = JSON.stringify({ meetingId }, null, 2);
    const live = tour.map((tab) => (isLive(tab) ? { ...tab, variables } : tab));
    if (!location.search) return live;
    return [...live.filter(isLive), ...live.filter((tab) => !isLive(tab))];
  }

  // The operations that have no tab are favorites in GraphiQL's history, beside the visitor's own.
  function storeFavorites(storage, tour) {
    const others = tour.filter(({ starter }) => !starter).reverse(); // the history shows the last one first
    const names = new Set(others.map(({ name }) => name));
    let own = [];
    try {
      own = JSON.parse(storage.getItem("graphiql:favorites")).favorites.filter(({ label }) => !names.has(label));
    } catch {} // nothing was stored, or nothing that can be read
    const favorites = others.map(({ name, query, variables }) => ({
      query,
      variables,
      headers: "",
      operationName: name,
      label: name,
      favorite: true,
    }));
    storage.setItem("graphiql:favorites", JSON.stringify({ favorites: [...favorites, ...own] }));
  }

  // GraphiQL prefers its stored tabs to the default ones. So where the tour is not the one that they were made from (a
  // first visit, a newer server), they make way for the new tour and the visitor's own tabs behind it.
  function startingTabs(storage, tour) {
    if (!tour.length) return undefined;
    const today = JSON.stringify(tour);
    const before = storage.getItem("tour");
    const stored = storage.getItem("graphiql:tabState");
    const tabs = tour.filter(({ starter }) => starter).map(({ query, variables }) => ({ query, variables }));
    if (stored && before === today) return tabs;
    const own = ownTabs(stored, before, tour);
    storage.removeItem("graphiql:tabState");
    storage.removeItem("graphiql:headers");
    storage.setItem("tour", today);
    storeFavorites(storage, tour);
    // Without these the first default tab lacks its variables (graphql/graphiql#3392), and a reload adds a tab.
    storage.setItem("graphiql:query", tour[0].query);
    storage.setItem("graphiql:variables", tour[0].variables);
    return [...tabs, ...own];
  }

  // The key in the box, or among the headers of one tab, is sent from all tabs, and with subscriptions, until the page is left.
  function sharingKey(fetcher, token) {
    let key = token ? { Authorization: `Bearer ${token}` } : {};
    return (parameters, options) => {
      const headers = options?.headers ?? {};
      const given = Object.entries(headers).filter(([name]) => name.toLowerCase() === "authorization");
      if (given.length) key = Object.fromEntries(given);
      return fetcher(parameters, { ...options, headers: { ...key, ...headers } });
    };
  }

  async function asksForKey(url) {
    const body = JSON.stringify({ query: "{ __typename }" });
    const response = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    return response.status === 401;
  }

  // What is typed stays in the page: browsers are told not to remember it.
  function keyBox(React, onToken) {
    const take = ({ target }) => onToken(target.value.trim());
    const input = React.createElement("input", {
      type: "password",
      autoComplete: "off",
      placeholder: "rapporteur_…",
      onBlur: take,
      onKeyDown: (event) => event.key === "Enter" && take(event),
    });
    return React.createElement("label", { className: "key" }, "API key ", input);
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
    const fetcher = GraphiQL.createFetcher({ url: url.href, subscriptionUrl: sockets.href });
    const properties = {
      storage,
      defaultEditorToolsVisibility: true,
      inputValueDeprecation: true,
      defaultTabs: startingTabs(storage, withLiveMeeting(await readTour(), await liveMeeting(url.href))),
    };
    const page = ReactDOM.createRoot(root);
    const box = (await asksForKey(url)) ? keyBox(React, render) : null;
    const logo = React.createElement(GraphiQL.Logo, null, box, "Rapporteur");
    // With another fetcher GraphiQL reads the schema anew, which it could not without a key.
    function render(token) {
      page.render(React.createElement(GraphiQL, { ...properties, fetcher: sharingKey(fetcher, token) }, logo));
    }
    render("");
  }

  open().catch((error) => {
    console.error(error);
    say("GraphiQL could not start.", String(error));
  });
})();

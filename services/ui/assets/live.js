// Makes pages smoother. Everything works without it.
(() => {
  "use strict";
  const REFRESH_AFTER_MS = 1000;

  const say = (words) => {
    const status = document.getElementById("live-status");
    if (status) status.textContent = words;
  };

  // A box that does not scroll need not stop the Tab key.
  const settleScrollBoxes = () => {
    for (const box of document.querySelectorAll("[data-scroll]")) {
      if (box.scrollWidth > box.clientWidth) box.setAttribute("tabindex", "0");
      else box.removeAttribute("tabindex");
    }
  };

  // Errors are read out first; a link in them puts the cursor into the field it names.
  const settleErrors = () => {
    document.querySelector("[data-focus]")?.focus();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".nhsuk-error-summary a[href^='#']");
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    (field.closest("fieldset") ?? field.closest(".nhsuk-form-group") ?? field).scrollIntoView();
    field.focus({ preventScroll: true });
  });

  // A form pressed twice is sent once; the second press would only be refused.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  const main = document.getElementById("maincontent");
  const busy = () => {
    const focused = document.activeElement;
    if (main.contains(focused) && focused.matches("input, select, textarea")) return true;
    return [...main.querySelectorAll("input:not([type=hidden]), select, textarea")].some((field) => {
      if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
      if (field.type === "file") return field.files.length > 0;
      if (field.tagName === "SELECT") {
        const options = [...field.options];
        return options.some((o) => o.defaultSelected) && options.some((o) => o.selected !== o.defaultSelected);
      }
      return field.value !== field.defaultValue;
    });
  };

  // The place of an element among its like, to find it again after the content was replaced.
  const place = (element) => {
    if (!element || !main.contains(element) || element === main) return null;
    if (element.id) return (root) => root.querySelector(`#${CSS.escape(element.id)}`);
    const href = element.getAttribute("href");
    if (href === null) return null;
    const like = `a[href="${CSS.escape(href)}"]`;
    const index = [...main.querySelectorAll(like)].indexOf(element);
    return (root) => root.querySelectorAll(like)[index];
  };

  let shown = Number(main?.dataset.position ?? 0);
  let wanted = shown;
  let timer = null;

  const refresh = async () => {
    timer = null;
    if (wanted <= shown) return;
    if (document.hidden || busy()) return later();
    const asked = wanted;
    try {
      const answer = await fetch(location.href, {
        // No one need be there for this: it keeps no session alive.
        headers: { Accept: "text/html", "Oversight-Background": "1" },
        cache: "no-store",
      });
      if (!answer.ok) return;
      const news = new DOMParser().parseFromString(await answer.text(), "text/html");
      const content = news.getElementById("maincontent");
      if (!content || busy()) return later();
      const focus = place(document.activeElement);
      const open = [...main.querySelectorAll("details")].map((d) => d.open);
      main.replaceChildren(...content.childNodes);
      main.querySelectorAll("details").forEach((d, i) => { d.open = open[i] ?? d.open; });
      focus?.(main)?.focus({ preventScroll: true });
      const stamp = news.getElementById("stamp");
      if (stamp) document.getElementById("stamp")?.replaceWith(stamp);
      document.title = news.title;
      shown = Math.max(asked, Number(content.dataset.position ?? 0));
      main.dataset.position = String(shown);
      settleScrollBoxes();
      say("The figures on this page have been updated.");
    } catch {
      // The next message tries again.
    }
  };
  const later = () => { timer ??= setTimeout(refresh, REFRESH_AFTER_MS); };

  // News of the log. A browser opens six connections to a server at most, and a stream takes one for as long as it
  // lasts; so all tabs share one. The tab that holds the lock listens and tells the others; a hidden tab needs no
  // news, and leaves the lock to those in sight.
  const LOCK = "oversight-live";
  const LISTEN_AGAIN_AFTER_MS = 30_000;

  const follow = (address) => {
    const tabs = "BroadcastChannel" in window ? new BroadcastChannel(LOCK) : null;
    let leave = null;

    const hear = (position) => {
      if (!Number.isFinite(position) || position <= wanted) return;
      wanted = position;
      later();
    };
    if (tabs) tabs.onmessage = (message) => hear(message.data);

    // Ends when this tab is hidden, or when the server refuses; a broken connection is opened again by the browser.
    const listen = (signal) => new Promise((left) => {
      if (signal.aborted) { left(); return; }
      const source = new EventSource(address);
      const close = () => { source.close(); left(); };
      signal.addEventListener("abort", close);
      source.addEventListener("position", (message) => {
        const position = Number(message.data);
        hear(position);
        tabs?.postMessage(position);
      });
      source.addEventListener("error", () => {
        if (source.readyState !== EventSource.CLOSED) return;
        close();
        setTimeout(() => { if (!signal.aborted) { end(); begin(); } }, LISTEN_AGAIN_AFTER_MS);
      });
    });

    const begin = () => {
      if (leave || document.hidden) return;
      leave = new AbortController();
      const { signal } = leave;
      if (tabs && navigator.locks) {
        // Rejected when this tab is hidden before its turn comes.
        navigator.locks.request(LOCK, { signal }, () => listen(signal)).catch(() => {});
      } else {
        listen(signal);
      }
    };
    const end = () => {
      leave?.abort();
      leave = null;
    };

    begin();
    window.addEventListener("pagehide", end);
    window.addEventListener("pageshow", (event) => { if (event.persisted) begin(); });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) { end(); return; }
      begin();
      if (wanted > shown) later();
    });
  };

  if (main?.dataset.live && "EventSource" in window) follow(main.dataset.live);

  settleScrollBoxes();
  settleErrors();
  window.addEventListener("resize", settleScrollBoxes);
})();

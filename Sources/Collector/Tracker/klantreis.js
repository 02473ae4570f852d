// The tracker of Klantreis: tells one's own server what happens on one's own pages.
//
// It is served without comments and spaces, see Tracker.swift. So every comment has lines of its
// own, texts stand in double quotes, and patterns hold neither spaces nor quotes. It is ES2018.
(() => {
  "use strict";
  const page = document, nav = navigator, own = location, store = "klantreis";
  const script = page.currentScript || page.querySelector("script[data-key]");
  const before = window.klantreis;

  // Nothing that goes wrong here may be felt by the page.
  const guard = (work) => (...all) => {
    try {
      return work(...all);
    } catch (error) {}
  };
  const on = (names, work) => {
    for (const name of names.split(" ")) {
      addEventListener(name, guard(work), { capture: true, passive: true });
    }
  };
  // Pages without https have no randomUUID.
  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    (byte + 256).toString(16).slice(1)).join("");

  const options = script ? script.dataset : {};
  const address = guard(() => new URL("/v1/", options.host || script.src).href)();
  if (!address || (before && before.version)) return;

  const noIDs = nav.globalPrivacyControl || options.consent == "none";
  const waiting = (before && before.q) || [];
  const library = { name: "klantreis.js", version: "1" };
  const clickID = /^(gclid|gbraid|wbraid|dclid|fbclid|msclkid|ttclid|twclid|li_fat_id)$/i;
  const file = /\.(pdf|zip|docx?|xlsx?|pptx?|od[tsp]|csv|txt|epub|ics|gz|mp[34]|exe|dmg|apk)$/i;

  // Who: a person without consent has an id that lives as long as the page is open.
  let started, consent, user, anonymous = random(), held = [];
  // Where: the page that is shown, and what brought the person to this visit.
  let here, current, visit = {}, pending;
  // How long and how far, of the page that is shown.
  let left, depth, active, last, awake;
  // What is not yet stored at the server: each event as JSON, the oldest first.
  let queue = [], slot = store + "." + random(), fresh, sending, timer, tries = 0;

  // MARK: Consent and memory

  const lasting = () => consent && consent.analytics && !noIDs;
  const refused = () => consent && !consent.analytics;
  const forAds = () => lasting() && consent.marketing;

  const setCookie = (value, seconds) => {
    page.cookie = store + "=" + value + ";path=/;samesite=lax;max-age=" + seconds
      + (own.protocol == "https:" ? ";secure" : "")
      + (options.domain ? ";domain=" + options.domain : "");
  };
  // 390 days from the consent on: less than 13 months, and no visit makes them longer.
  const remember = guard(() => setCookie(anonymous + "." + (consent.marketing ? 1 : 0), 33696000));
  const cookie = guard(() => /(?:^|;\s)klantreis=([\w-]{16,64})\.([01])/.exec(page.cookie));
  const read = guard((key) => JSON.parse(localStorage.getItem(key)));
  const write = guard((key, value) => {
    if (lasting() && value) localStorage.setItem(key, JSON.stringify(value));
    else localStorage.removeItem(key);
  });
  const queues = guard(() => Object.keys(localStorage).filter((key) => key.startsWith(store)));
  const forget = guard(() => {
    user = undefined;
    if (page.cookie.includes(store + "=")) setCookie("", 0);
    queues().forEach((key) => localStorage.removeItem(key));
  });
  const saveQueue = () => write(slot, queue.length && queue);
  // What earlier pages could not send.
  const recover = guard(() => {
    for (const key of queues().filter((key) => key != store)) {
      queue = queue.concat(read(key) || []).slice(-200);
      localStorage.removeItem(key);
    }
    saveQueue();
  });
  const saveVisit = () => write(store, { user, visit });

  // Other tabs may have got or lost the consent since.
  const recall = () => {
    const known = !noIDs && cookie();
    if (known) {
      anonymous = known[1];
      consent = { analytics: true, marketing: known[2] == "1" };
      const kept = read(store) || {};
      user = kept.user;
      visit = kept.visit || visit;
    } else if (lasting()) {
      consent = user = undefined;
      anonymous = random();
    }
    return known;
  };

  const setConsent = (answer) => {
    const part = (name) => !!(answer && (answer === true || answer[name]));
    const next = { analytics: part("analytics"), marketing: part("marketing") };
    if (JSON.stringify(next) == JSON.stringify(consent)) return;
    const was = lasting();
    if (!next.analytics) queue = [];
    if (!next.marketing) visit.id = undefined;
    // What was sent before stays without a tie to what follows.
    if (!was) anonymous = random();
    const said = () => track("Consent Changed", next, true);
    consent = next;
    if (lasting()) {
      remember();
      said();
      held.splice(0).forEach((call) => klantreis(...call));
      saveVisit();
      fill();
    } else if (was) {
      said();
      forget();
      anonymous = random();
    }
  };

  // MARK: What an event says

  const place = () => own.pathname + own.search + (/^#[!/]/.test(own.hash) ? own.hash : "");
  // Click ids are of a person, so that without consent only their names are told.
  const masked = (address) => address.replace(/(\w+)=[^&#]*/g, (pair, name) =>
    clickID.test(name) && !forAds() ? name + "=-" : pair);

  const arrive = () => {
    const campaign = {}, found = {};
    let tags;
    new URLSearchParams(own.search).forEach((value, name) => {
      const tag = /^utm_(source|medium|campaign|term|content|id)$/.exec(name);
      if (tag) campaign[tag[1] == "campaign" ? "name" : tag[1]] = tags = value;
      if (clickID.test(name)) {
        found.type = tags = name;
        if (forAds()) found.id = value;
      }
    });
    const outside = current ? "" : page.referrer;
    const isOutside = outside && new URL(outside).host != own.host;
    if (tags || isOutside || !(Date.now() - visit.time < 1800000)) {
      visit = { ...found, referrer: masked(outside), campaign: tags && campaign };
    }
  };

  const context = () => ({
    library,
    page: current,
    campaign: visit.campaign,
    referrer: { url: visit.referrer, type: visit.type, id: visit.id },
    consent: (consent || noIDs) && {
      categoryPreferences: consent, gpc: nav.globalPrivacyControl || undefined,
    },
    userAgent: nav.userAgent,
    userAgentData: nav.userAgentData,
    locale: nav.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    screen: { width: screen.width, height: screen.height, density: devicePixelRatio },
  });

  const add = (type, fields, always) => {
    if (refused() && !always) return;
    if (pending) view();
    visit.time = Date.now();
    const text = JSON.stringify({
      type,
      messageId: random(),
      anonymousId: anonymous,
      userId: user,
      timestamp: new Date().toISOString(),
      context: context(),
      ...fields,
    });
    if (new Blob([text]).size > 32000) return;
    queue = queue.concat(text).slice(-200);
    fresh = true;
    saveQueue();
    later(300);
  };

  const track = (event, properties, always) => add("track", { event, properties }, always);

  // MARK: Sending

  const post = (path, body) =>
    fetch(address + path, { method: "POST", body, keepalive: true, credentials: "omit" });

  // A body that may outlive its page has at most 64 KiB.
  const load = (from) => {
    let length = 0;
    return from.filter((text, index) => (length += text.length) < 20000 || !index);
  };
  const body = (events) => JSON.stringify({
    writeKey: options.key, sentAt: new Date().toISOString(),
  }).slice(0, -1) + ",\"batch\":[" + events + "]}";

  const later = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(guard(flush), wait);
  };

  const flush = () => {
    if (sending || !queue.length || nav.onLine === false) return;
    const events = load(queue);
    const end = guard((status) => {
      sending = false;
      // What the server refuses for good is not sent again.
      if (status && status < 500 && status != 429) {
        queue = queue.filter((text) => !events.includes(text));
        tries = 0;
        saveQueue();
        if (queue.length) later(0);
      } else {
        fresh = true;
        later(Math.min(60000, 1000 * 2 ** tries++) * (0.5 + Math.random() / 2));
      }
    });
    sending = true;
    fresh = queue.length > events.length;
    post("b", body(events)).then((reply) => end(reply.status), () => end(0));
  };

  // Nobody hears whether a beacon arrived. What is left in the queue goes again, from here or from
  // the next page; the server stores it once.
  const leave = () => {
    if (pending) view();
    leavePage();
    saveVisit();
    let rest = fresh && nav.onLine !== false ? queue : [];
    while (rest.length) {
      const events = load(rest);
      if (!nav.sendBeacon(address + "b", body(events))) return;
      rest = rest.slice(events.length);
    }
    fresh = false;
  };

  // MARK: Slots

  // Content that is chosen for this visitor. Where there is none, or it comes too late, the page
  // keeps its own.
  const fill = () => {
    const slots = {}, asked = performance.now();
    for (const node of page.querySelectorAll("[data-klantreis-slot]")) {
      slots[node.dataset.klantreisSlot] = node;
    }
    const names = Object.keys(slots);
    if (lasting() && names[0]) post("slots", body(JSON.stringify({
      anonymousId: anonymous, locale: page.documentElement.lang, slots: names,
    }))).then((reply) => reply.json()).then((found) => {
      for (const name in found) {
        if (performance.now() - asked < 2000) slots[name].innerHTML = found[name];
      }
    }).catch(() => {});
  };

  // MARK: Pages

  const view = (name, properties) => {
    clearTimeout(pending);
    pending = 0;
    leavePage();
    if (!refused()) recall();
    arrive();
    current = {
      url: masked(own.origin + place()), path: own.pathname, title: page.title,
      referrer: current ? current.url : masked(page.referrer),
    };
    here = place();
    left = false;
    depth = active = 0;
    last = performance.now();
    awake = page.visibilityState == "visible";
    add("page", { name, properties });
    saveVisit();
    fill();
  };
  // Frameworks set the title, and redirect, just after they change the address.
  const soon = () => {
    clearTimeout(pending);
    pending = setTimeout(guard(() => view()), 100);
  };
  const moved = guard(() => {
    if (place() == here) return;
    leavePage();
    soon();
  });

  // A person is taken to look for 15 seconds after each sign of life.
  const tick = () => {
    const now = performance.now();
    if (awake) active += Math.min(now - last, 15000);
    last = now;
  };
  const measure = () => {
    const height = page.documentElement.scrollHeight;
    depth = Math.max(depth, Math.min(100, Math.round(100 * (scrollY + innerHeight) / height)));
  };
  const leavePage = () => {
    if (!current || left) return;
    left = true;
    tick();
    measure();
    track("Page Left", { scrollPercent: depth, activeSeconds: Math.round(active / 1000) });
  };

  // MARK: Clicks and forms

  const clicked = (event) => {
    const link = event.composedPath().find((node) => node.href && /^a$/i.test(node.tagName));
    if (!link || event.button > 1) return;
    const url = new URL(link.href.baseVal || link.href, own);
    const web = /^http/.test(url);
    // Queries of others are none of our business.
    const href = url.href.split(/[?#]/)[0];
    const kind = web ? url.host != own.host && "outbound"
      : /^(mailto|tel)/.test(url) && url.protocol.slice(0, -1);
    if (web && (link.hasAttribute("download") || file.test(url.pathname))) {
      track("File Downloaded", { href, file: href.split("/").pop() });
    } else if (kind) {
      track("Link Clicked", { kind, href });
    } else {
      return;
    }
    flush();
  };
  const submitted = (event) => {
    // By attribute: a field that is called id hides the form's own.
    const said = (name) => event.target.getAttribute(name) || undefined;
    track("Form Submitted", { form: said("id") || said("name") });
    flush();
  };

  // MARK: Calls

  const calls = {
    track: (event, properties) => track(event, properties),
    page: view,
    identify: (id, traits) => {
      if (typeof id == "object") return calls.identify(user, id);
      user = id === undefined ? user : String(id);
      saveVisit();
      add("identify", { traits });
    },
    group: (id, traits) => add("group", { groupId: String(id), traits }),
    consent: setConsent,
    reset: () => {
      held = [];
      user = undefined;
      anonymous = random();
      if (lasting()) remember();
      saveVisit();
    },
  };
  const klantreis = guard((...call) => {
    const [name, ...said] = call;
    if (!started) {
      waiting.push(call);
      return;
    }
    // Who somebody is waits for the consent.
    if (/^(identify|group)$/.test(name) && !lasting()) {
      held = held.concat([call]).slice(-9);
      return;
    }
    if (calls.hasOwnProperty(name)) calls[name](...said);
  });
  klantreis.version = library.version;
  window.klantreis = klantreis;

  const start = guard(() => {
    started = true;
    if (!recall()) {
      forget();
      if (options.consent == "given") {
        consent = { analytics: true, marketing: true };
        if (lasting()) remember();
      }
    }
    if (lasting()) recover();
    soon();
    waiting.splice(0).forEach((call) => klantreis(...call));
    if (options.spa != "off") {
      for (const name of ["pushState", "replaceState"]) {
        const original = history[name];
        history[name] = (...all) => {
          const result = original.apply(history, all);
          moved();
          return result;
        };
      }
      on("popstate hashchange", moved);
    }
    on("DOMContentLoaded", () => current && fill());
    on("click auxclick", clicked);
    on("submit", submitted);
    on("scroll", measure);
    on("scroll pointermove pointerdown keydown touchstart", tick);
    on("online", () => {
      tries = 0;
      later(0);
    });
    on("visibilitychange", () => {
      tick();
      awake = page.visibilityState == "visible";
      if (awake) later(300);
      else leave();
    });
    on("pagehide", leave);
    // Back in a page that the browser kept is a view of it again.
    on("pageshow", (event) => event.persisted && view());
  });
  // A page that is only prepared was not seen yet.
  if (page.prerendering) page.addEventListener("prerenderingchange", start, { once: true });
  else start();
})();

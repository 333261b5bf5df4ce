/**
 * The page's script: times in the browser's zone, the time left counted down, and the content kept up to date. The page
 * shows all facts and its forms work without it. What it writes is what moments.ts writes: change both.
 */
export const SCRIPT = `'use strict';
(() => {
  const main = document.querySelector('main');
  const live = document.getElementById('live');
  if (!main || !live || !main.dataset.now) return;

  // The sender's clock may differ from this one's, when it is reached through a tunnel.
  let aheadMs = Number(main.dataset.now) - Date.now();
  const nowMs = () => Date.now() + aheadMs;

  const two = (value) => String(value).padStart(2, '0');
  const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

  function clock(atMs) {
    const date = new Date(atMs);
    const now = new Date(nowMs());
    const time = two(date.getHours()) + ':' + two(date.getMinutes());
    if (date.toDateString() === now.toDateString()) return time;
    const year = date.getFullYear() === now.getFullYear() ? '' : ' ' + date.getFullYear();
    return DAYS[date.getDay()] + ' ' + date.getDate() + ' ' + MONTHS[date.getMonth()] + year + ', ' + time;
  }

  const count = (amount, unit) => amount + ' ' + unit + (amount === 1 ? '' : 's');
  const rest = (amount, unit) => (amount === 0 ? 'left' : count(amount, unit) + ' left');

  function timeLeft(ms) {
    const seconds = Math.max(0, Math.floor(ms / 1000));
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    const days = Math.floor(hours / 24);
    if (days > 0) return [count(days, 'day'), rest(hours % 24, 'hour')];
    if (hours > 0) return [count(hours, 'hour'), rest(minutes % 60, 'minute')];
    if (minutes >= 2) return [count(minutes, 'minute'), 'left'];
    return [count(seconds, 'second'), 'left'];
  }

  const setText = (node, text) => {
    if (node && node.textContent !== text) node.textContent = text;
  };

  function localTimes(root) {
    for (const time of root.querySelectorAll('time')) setText(time, clock(Date.parse(time.dateTime)));
  }

  function tick(root) {
    for (const node of root.querySelectorAll('[data-until]')) {
      setText(node, timeLeft(Number(node.dataset.until) - nowMs()).join(' '));
    }
    for (const node of root.querySelectorAll('[data-ring-until]')) {
      const [large, small] = timeLeft(Number(node.dataset.ringUntil) - nowMs());
      setText(node.querySelector('strong'), large);
      setText(node.querySelector('span'), small);
    }
    for (const arc of root.querySelectorAll('[data-to]')) {
      const from = Number(arc.dataset.from);
      const to = Number(arc.dataset.to);
      const percent = Math.min(100, Math.max(0, ((to - nowMs()) * 100) / (to - from)));
      arc.setAttribute('stroke-dasharray', percent.toFixed(2) + ' 100');
    }
  }

  // Changes only what differs, so that focus, a half-typed address, an opened list and a moving ring stay as they are.
  function morph(present, wanted) {
    const before = [...present.childNodes];
    const after = [...wanted.childNodes];
    after.forEach((node, index) => {
      const old = before[index];
      if (!old) present.append(node);
      else if (old.nodeName !== node.nodeName || old.id !== node.id) old.replaceWith(node);
      else if (node.nodeType !== Node.ELEMENT_NODE) setText(old, node.data);
      else {
        morphAttributes(old, node);
        morph(old, node);
      }
    });
    for (const node of before.slice(after.length)) node.remove();
  }

  function morphAttributes(present, wanted) {
    for (const { name } of [...present.attributes]) {
      const isUsers = name === 'open' && present.localName === 'details';
      if (!isUsers && !wanted.hasAttribute(name)) present.removeAttribute(name);
    }
    for (const { name, value } of wanted.attributes) {
      if (present.getAttribute(name) !== value) present.setAttribute(name, value);
    }
  }

  function show(news) {
    aheadMs = news.nowMs - Date.now();
    const fresh = document.createElement('template');
    fresh.innerHTML = news.main;
    localTimes(fresh.content);
    tick(fresh.content);
    const focused = document.activeElement;
    morph(main, fresh.content);
    if (focused && !focused.isConnected) document.getElementById('login-title')?.focus();
    if (document.title !== news.title) document.title = news.title;
  }

  function say(text, isLost) {
    setText(live, text);
    live.hidden = false;
    live.classList.toggle('lost', isLost);
  }

  let events;
  let retry;

  function follow() {
    clearTimeout(retry);
    events?.close();
    events = new EventSource('/events');
    events.onmessage = (event) => {
      say('Live', false);
      show(JSON.parse(event.data));
    };
    events.onerror = () => {
      say('Not live: no answer from the sender. Trying again.', true);
      // Refused, and not cut off: then the browser does not try again by itself.
      if (events.readyState === EventSource.CLOSED) retry = setTimeout(follow, 5000);
    };
  }

  // A browser has few connections for one server: a page that nobody looks at leaves its own to others.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) return follow();
    clearTimeout(retry);
    events?.close();
  });

  localTimes(document);
  tick(document);
  setInterval(() => tick(document), 1000);
  if (!document.hidden) follow();
})();
`;

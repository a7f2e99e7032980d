// Filter, copy, and links into what is closed or filtered out. Everything else works without it.
(() => {
  const form = document.querySelector('form.filter');
  const items = [...document.querySelectorAll('[data-item]')];
  const sections = [...document.querySelectorAll('section.checks')];
  const groups = [...document.querySelectorAll('.group')];
  const reasons = [...document.querySelectorAll('details.reason')];
  for (const reason of reasons) reason.dataset.open = reason.open ? 'yes' : 'no';
  const status = form.querySelector('.shown');
  const words = new Map();

  const wordsOf = (item) => {
    const known = words.get(item);
    if (known !== undefined) return known;
    const about = item.querySelector('.about')?.cloneNode(true);
    for (const exchange of about?.querySelectorAll('details.exchange') ?? []) exchange.remove();
    const more = item.querySelector('.looked')?.textContent ?? '';
    const text = `${about?.textContent ?? ''} ${more} ${item.id}`.toLowerCase().replace(/\s+/g, ' ');
    words.set(item, text);
    return text;
  };

  const apply = () => {
    const chosen = new FormData(form);
    const wanted = String(chosen.get('words')).toLowerCase().split(/\s+/).filter(Boolean);
    const { verdict, feature, level } = Object.fromEntries(chosen);
    let shown = 0;
    for (const item of items) {
      const fits =
        (!verdict || item.dataset.verdict === verdict) &&
        (!feature || item.dataset.feature === feature) &&
        (!level || item.dataset.levels.split(' ').includes(level)) &&
        wanted.every((word) => wordsOf(item).includes(word));
      item.hidden = !fits;
      if (fits) shown++;
    }
    const all = shown === items.length;
    for (const reason of reasons) reason.open = all ? reason.dataset.open === 'yes' : true;
    for (const part of [...groups, ...sections]) {
      const total = part.querySelectorAll('[data-item]').length;
      const own = part.querySelectorAll('[data-item]:not([hidden])').length;
      part.hidden = own === 0;
      const number = part.querySelector(':scope > :is(h2, summary) > .number');
      if (number) number.textContent = own === total ? total : `${own} of ${total}`;
    }
    status.textContent = all
      ? ''
      : shown === 0
        ? 'Nothing fits. Choose less, or show all.'
        : `${shown} of ${items.length} shown`;
    form.classList.toggle('active', !all);
  };

  form.hidden = false;
  form.addEventListener('input', apply);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', () => setTimeout(apply));

  for (const name of document.querySelectorAll('[data-choose]')) {
    name.addEventListener('click', (event) => {
      event.preventDefault();
      form.reset();
      form.elements.feature.value = name.dataset.choose;
      apply();
      form.elements.feature.focus({ preventScroll: true });
      document.getElementById('results').scrollIntoView();
    });
  }

  // A link to a check opens it, and what it lies in, filtered out or not.
  const follow = () => {
    let id = location.hash.slice(1);
    try {
      id = decodeURIComponent(id);
    } catch {}
    const target = id === '' ? null : document.getElementById(id);
    if (!target) return;
    if (target.closest('[hidden]')) {
      form.reset();
      apply();
    }
    for (let part = target; part; part = part.parentElement) if (part instanceof HTMLDetailsElement) part.open = true;
    target.scrollIntoView();
  };
  addEventListener('hashchange', follow);
  follow();

  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement('textarea');
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand('copy');
      area.remove();
      return done;
    }
  };
  for (const button of document.querySelectorAll('button.copy')) button.hidden = false;
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('button.copy');
    if (!button) return;
    const done = await copied(button.parentElement.querySelector('.curl').textContent);
    button.focus({ preventScroll: true });
    button.textContent = done ? 'Copied' : 'Could not copy';
    setTimeout(() => {
      button.textContent = 'Copy as curl';
    }, 2000);
  });
})();

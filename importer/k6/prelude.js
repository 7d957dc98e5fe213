// The modules of k6, played by recorders. Nothing here asks anything of the outside: what
// a script would send, wait for and check is told to `host`, which belongs to the importer.
// A value that is only known when the script runs is a marker, ⟦sort:…⟧, in the texts that
// the script makes of it.
(function (host) {
  'use strict';
  const most = 1 << 20; // of what one call of the language makes

  // Calls that make much out of little at once can't be interrupted, so they are bounded.
  function bound(of, name, size) {
    const original = of[name];
    Object.defineProperty(of, name, {
      configurable: true, writable: true,
      value: function (...args) {
        if (!(size(this, args) <= most)) throw new RangeError(name + ' makes more than an import allows');
        return original.apply(this, args);
      },
    });
  }
  const length = (v) => (v === null || v === undefined ? 0 : Number(v.length) || 0);
  bound(String.prototype, 'repeat', (s, [n]) => length(s) * Number(n || 0));
  bound(String.prototype, 'padStart', (s, [n]) => Number(n || 0));
  bound(String.prototype, 'padEnd', (s, [n]) => Number(n || 0));
  bound(String.prototype, 'replace', (s, [, by]) => length(s) * Math.max(1, length(by)));
  bound(String.prototype, 'replaceAll', (s, [, by]) => length(s) * Math.max(1, length(by)));
  bound(Array, 'from', (_, [of]) => length(of));
  for (const name of ['fill', 'join', 'map', 'forEach', 'reverse', 'sort', 'concat', 'indexOf', 'includes', 'reduce', 'filter', 'some', 'every', 'find', 'findIndex', 'flat', 'splice', 'slice', 'toString'])
    bound(Array.prototype, name, (list) => length(list));
  for (const name of ['ArrayBuffer', 'Uint8Array', 'Int8Array', 'Uint8ClampedArray', 'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array', 'Float32Array', 'Float64Array'])
    globalThis[name] = class extends globalThis[name] {
      constructor(...args) {
        if (typeof args[0] === 'number' && args[0] > most || length(args[0]) > most) throw new RangeError(name + ' is larger than an import allows');
        super(...args);
      }
    };

  const mark = (sort, rest) => '\u27e6' + sort + ':' + rest + '\u27e7';

  // A part of an answer, which is captured where it is used.
  function captured(id, path) {
    const text = () => mark('part', id + ':' + path);
    return new Proxy(function () {}, {
      get(_, key) {
        if (key === Symbol.toPrimitive) return (hint) => (hint === 'number' ? NaN : text());
        if (key === 'toString' || key === 'valueOf' || key === 'toJSON') return text;
        if (key === Symbol.iterator) return function* () { yield captured(id, path + '.0'); };
        if (typeof key === 'symbol') return undefined;
        if (key === 'length') return 1;
        if (typeof [][key] === 'function' || typeof ''[key] === 'function') {
          return function (fn) {
            host.note('an answer is worked on with ' + key + '()', 'what is captured is taken as it stands', 'capture another part, if there is one');
            const first = captured(id, path + '.0');
            if (['map', 'forEach', 'filter', 'find', 'some', 'every'].includes(key) && typeof fn === 'function') {
              const made = fn(first, 0, [first]);
              return key === 'map' ? [made] : key === 'filter' ? [first] : key === 'find' ? first : true;
            }
            return captured(id, path);
          };
        }
        return captured(id, path + '.' + String(key).replace(/[.*?|#@!{}\[\]()=<>%"\\:]/g, '\\$&'));
      },
      apply() { return captured(id, path); },
      has() { return true; },
      ownKeys() { return []; },
    });
  }

  // What a script imports or calls that is not played.
  function unplayed(name, told) {
    if (!told) host.note(name, 'it is not played when a script is imported', 'write by hand what it is for');
    const text = mark('code', name);
    const it = new Proxy(function () {}, {
      get(_, key) {
        if (key === Symbol.toPrimitive) return (hint) => (hint === 'number' ? 0 : text);
        if (key === 'toString' || key === 'valueOf' || key === 'toJSON') return () => text;
        if (key === Symbol.iterator) return function* () { yield it; };
        if (key === 'length') return 1;
        return typeof key === 'symbol' || key === 'then' ? undefined : it;
      },
      apply() { return it; },
      construct() { return it; },
    });
    return it;
  }

  // A number that is drawn: a text where it is put into one, and else one in the middle.
  function drawn(min, max) {
    const text = mark('int', min + ':' + max);
    return {
      [Symbol.toPrimitive](hint) {
        if (hint !== 'number') return text;
        host.note('a number that is drawn between ' + min + ' and ' + max, 'it is reckoned with', 'the one in the middle stands in its place');
        return Math.floor((min + max) / 2);
      },
      toJSON() { return text; },
      toString() { return text; },
    };
  }

  const params = (p) => (p && typeof p === 'object' ? p : {});

  function response(id) {
    const headers = new Proxy({}, { get: (_, name) => (typeof name === 'symbol' ? undefined : captured(id, 'header.' + name)) });
    return {
      __id: id, status: 200, status_text: '200 OK', error: '', error_code: 0, url: '', proto: 'HTTP/1.1',
      body: mark('part', id + ':body'), headers, cookies: unplayedLater('cookies of an answer'), request: { headers: {}, cookies: {} },
      timings: { duration: 0, waiting: 0, sending: 0, receiving: 0, blocked: 0, connecting: 0, tls_handshaking: 0, looking_up: 0 },
      json(path) { return captured(id, path === undefined ? 'json' : 'json.' + path); },
      html() { return unplayed('html() of an answer'); },
      submitForm() { return unplayed('submitForm()'); },
      clickLink() { return unplayed('clickLink()'); },
    };
  }

  const unplayedLater = (name) => new Proxy({}, { get: (_, key) => (typeof key === 'symbol' ? undefined : unplayed(name)) });

  let batch = false;
  function ask(method, url, body, p) {
    p = params(p);
    const form = body !== null && typeof body === 'object' && typeof body !== 'function' && !(body instanceof ArrayBuffer);
    const fields = [];
    if (form) for (const name of Object.keys(body)) for (const value of [].concat(body[name])) fields.push([name, String(value)]);
    const tags = params(p.tags);
    const address = url !== null && typeof url === 'object' && url.__url ? url.__url : String(url);
    const headers = [];
    for (const name of Object.keys(params(p.headers))) headers.push([name, String(p.headers[name])]);
    for (const key of Object.keys(p))
      if (!['headers', 'tags', 'timeout'].includes(key)) host.note('params.' + key + ' of a request', 'a request here has headers, a body and a timeout', 'write by hand what it is for');
    return response(host.request(JSON.stringify({
      method, address, headers, fields, body: form || body === null || body === undefined ? '' : String(body),
      name: tags.name === undefined ? (url && url.__name) || '' : String(tags.name),
      timeout: p.timeout === undefined ? '' : String(p.timeout), batch,
    })));
  }

  const http = {
    get: (url, p) => ask('GET', url, null, p),
    head: (url, p) => ask('HEAD', url, null, p),
    options: (url, body, p) => ask('OPTIONS', url, body, p),
    post: (url, body, p) => ask('POST', url, body, p),
    put: (url, body, p) => ask('PUT', url, body, p),
    patch: (url, body, p) => ask('PATCH', url, body, p),
    del: (url, body, p) => ask('DELETE', url, body, p),
    request: (method, url, body, p) => ask(String(method).toUpperCase(), url, body, p),
    asyncRequest: (method, url, body, p) => Promise.resolve(ask(String(method).toUpperCase(), url, body, p)),
    batch(all) {
      host.note('http.batch', 'a journey sends one request after another', 'make streams of their own of what is sent at once');
      const one = (r) => {
        if (typeof r === 'string') return ask('GET', r, null);
        if (Array.isArray(r)) return ask(String(r[0]).toUpperCase(), r[1], r[2], r[3]);
        return ask(String(r.method || 'GET').toUpperCase(), r.url, r.body, r.params);
      };
      const out = Array.isArray(all) ? [] : {};
      for (const key of Object.keys(all)) out[key] = one(all[key]);
      return out;
    },
    url(parts, ...values) {
      return { __url: parts.reduce((text, part, i) => text + part + (i < values.length ? String(values[i]) : ''), ''), __name: parts.join('${}') };
    },
    expectedStatuses: (...all) => all,
    setResponseCallback: () => host.note('http.setResponseCallback', 'it changes which answers count as failed', 'say it under ok of a stream'),
    cookieJar: () => unplayed('http.cookieJar()'),
    CookieJar: function () { return unplayed('http.CookieJar'); },
    file: () => unplayed('http.file()'),
  };

  // Which statuses a condition on an answer lets through, if it looks at nothing else.
  function statuses(condition) {
    let status = 0;
    const looked = new Set();
    const probe = new Proxy({}, {
      get(_, key) {
        if (key === 'status') return status;
        looked.add(String(key));
        return captured(0, 'probe');
      },
    });
    const through = [];
    for (status = 100; status < 600; status++) {
      let holds = false;
      try { holds = !!condition(probe); } catch (e) { looked.add('what is not there'); }
      if (looked.size > 0) return { looked: [...looked] };
      if (holds) through.push(status);
    }
    return { through };
  }

  function check(of, conditions) {
    for (const name of Object.keys(params(conditions))) {
      const condition = conditions[name];
      const id = of && typeof of === 'object' ? of.__id : undefined;
      if (id === undefined || typeof condition !== 'function') {
        host.note('check "' + name + '"', 'it is about no answer as it came', 'write a check by hand');
        continue;
      }
      host.check(id, name, JSON.stringify(statuses(condition)));
    }
    return true;
  }

  const groups = [];
  const k6 = {
    check,
    sleep: (seconds) => { host.sleep(Number(seconds) || 0); },
    group(name, fn) {
      groups.push(String(name));
      host.group(groups.join('::'));
      try { return fn(); } finally { groups.pop(); host.group(groups.join('::')); }
    },
    fail: (text) => host.note('fail()', 'a script that gives up is code', 'say under ok what an answer must be'),
    randomSeed: () => {},
  };

  function SharedArray(name, make) { return make(); }

  function metric(sort) {
    return function (name) {
      host.note('the metric ' + String(name), 'a script reckons it itself, as a ' + sort, 'choose a metric of docs/scenarios.md, or a gauge');
      return { name: String(name), add() {} };
    };
  }

  const execution = {
    vu: new Proxy({}, { get: (_, key) => (String(key).startsWith('idIn') ? host.vu() : key === 'tags' || key === 'metrics' ? {} : host.iteration()) }),
    scenario: new Proxy({}, { get: (_, key) => (key === 'name' ? 'default' : key === 'executor' ? '' : host.iteration()) }),
    instance: { iterationsInterrupted: 0, iterationsCompleted: 0, vusActive: 1, vusInitialized: 1, currentTestRunDuration: 0 },
    test: { abort() { host.note('exec.test.abort()', 'a script that gives up is code', 'the run ends by itself when errors run away'); }, options: {} },
  };

  const encoding = {
    b64encode: (text) => host.encode(String(text)),
    b64decode: (text) => host.decode(String(text)),
  };

  const utils = {
    uuidv4: () => mark('uuid', 'v4'),
    randomIntBetween: drawn,
    randomString: () => mark('uuid', 'text'),
    randomItem: (list) => list[Math.floor(Math.random() * length(list))],
    findBetween: () => unplayed('findBetween()'),
    getCurrentStage: () => unplayed('getCurrentStage()'),
    tagWithCurrentStageIndex() {}, tagWithCurrentStageProfile() {},
    check, describe: (name, fn) => k6.group(name, fn),
  };

  const modules = {
    'k6': k6, 'k6/http': http, 'k6/data': { SharedArray }, 'k6/execution': execution, 'k6/encoding': encoding,
    'k6/metrics': { Trend: metric('Trend'), Rate: metric('Rate'), Counter: metric('Counter'), Gauge: metric('Gauge') },
  };
  function find(name) {
    if (modules[name]) return modules[name];
    if (/^https:\/\/jslib\.k6\.io\/k6-utils\//.test(name)) return utils;
    return undefined;
  }

  const parse = JSON.parse;
  JSON.parse = function (text, ...rest) {
    const m = typeof text === 'string' && /^\u27e6part:(\d+):body\u27e7$/.exec(text);
    return m ? captured(Number(m[1]), 'json') : parse(text, ...rest);
  };
  globalThis.__ENV = new Proxy({}, {
    get(_, name) {
      if (typeof name === 'symbol') return undefined;
      host.note('the variable ' + name + ' of the environment', 'it is not read when a script is imported', 'what the script has instead stands there; write it by hand');
      return undefined;
    },
  });
  Object.defineProperty(globalThis, '__VU', { get: () => host.vu() });
  Object.defineProperty(globalThis, '__ITER', { get: () => host.iteration() });
  for (const name of ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'crypto', 'TextEncoder', 'TextDecoder'])
    Object.defineProperty(globalThis, name, { configurable: true, get: () => unplayed(name) });
  globalThis.open = (name) => host.open(String(name));
  globalThis.console = new Proxy({}, { get: () => () => {} });
  globalThis.require = (name) => {
    const found = find(String(name));
    if (!found) throw new Error('require(' + JSON.stringify(String(name)) + ') is not there: a script is imported without anything of the outside');
    return found;
  };
  return {
    names: (specifier) => Object.keys(find(specifier) || {}),
    value: (specifier, name) => {
      const found = find(specifier);
      if (found && name === 'default') return found;
      return found && name in found ? found[name] : unplayed(name + ' of ' + specifier, true);
    },
  };
})

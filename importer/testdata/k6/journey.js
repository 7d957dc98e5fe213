import http from 'k6/http';
import { check, sleep, fail } from 'k6';
import { SharedArray } from 'k6/data';
import { randomIntBetween, uuidv4 } from 'https://jslib.k6.io/k6-utils/1.4.0/index.js';
import sql from 'k6/x/sql';

const BASE_URL = __ENV.BASE_URL || 'https://test-api.k6.io';
const users = new SharedArray('users', () => JSON.parse(open('beside/users.json')).users);

export const options = {
  scenarios: { buy: { executor: 'constant-arrival-rate', rate: 5, duration: '1m', preAllocatedVUs: 10, env: { A: 'b' } } },
  thresholds: { 'http_req_duration{scenario:buy}': 'p(99)<1000' },
};

export function setup() {
  const res = http.post(`${BASE_URL}/auth/token/login/`, { username: 'casual', password: 'superCroc2019' });
  return { token: res.json('access') };
}

export default function (data) {
  const user = users[Math.floor(Math.random() * users.length)];
  const params = { headers: { Authorization: `Bearer ${data.token}`, 'X-Api-Key': 'k-1234567890abcdef' }, redirects: 0 };
  const made = http.post(`${BASE_URL}/my/crocodiles/`, JSON.stringify({ name: user.name, age: randomIntBetween(1, 9), ref: uuidv4(), text: 'a {brace}' }), params);
  if (!check(made, { created: (r) => r.status === 201 })) fail('not created');
  sleep(0.5);
  const id = made.json().id;
  http.batch([['GET', `${BASE_URL}/my/crocodiles/${id}/`], { method: 'DELETE', url: `${BASE_URL}/my/crocodiles/${id}/` }]);
  http.get('https://elsewhere.example.com/beacon');
}

export function teardown() {}

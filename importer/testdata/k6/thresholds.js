import http from 'k6/http';
import { check, group } from 'k6';
import { Trend } from 'k6/metrics';

const waiting = new Trend('waiting_time');

export const options = {
  vus: 1,
  iterations: 10,
  thresholds: {
    http_req_failed: ['rate<0.01'],
    http_req_duration: ['p(90) < 400', 'p(95) < 800', 'p(99.9) < 2000', 'avg<200', 'min<1'],
    'http_req_duration{name:static}': ['max<100'],
    'http_req_duration{group:::images}': ['med<50'],
    'http_req_duration{type:API}': ['p(95)<500'],
    'http_req_duration{expected_response:true}': ['p(99)<300'],
    checks: [{ threshold: 'rate>0.9', abortOnFail: true, delayAbortEval: '10s' }],
    waiting_time: ['p(95)<800'],
    http_reqs: ['count>100'],
  },
};

export default function () {
  const api = http.get('http://127.0.0.1:3333/api');
  check(api, {
    'is created or ok': (r) => r.status === 200 || r.status === 201,
    'has a body': (r) => r.body.length > 0,
  });
  group('images', () => {
    http.get('http://127.0.0.1:3333/static/a.png', { tags: { name: 'static' } });
  });
  waiting.add(api.timings.waiting);
}

import http from 'k6/http';

export const options = {
  discardResponseBodies: true,
  scenarios: {
    contacts: {
      executor: 'constant-arrival-rate',
      duration: '30s',
      rate: 30,
      timeUnit: '1s',
      preAllocatedVUs: 2,
      maxVUs: 50,
    },
    news: {
      executor: 'ramping-arrival-rate',
      exec: 'news',
      startTime: '30s',
      startRate: 300,
      timeUnit: '1m',
      preAllocatedVUs: 50,
      gracefulStop: '10s',
      stages: [
        { target: 300, duration: '1m' },
        { target: 600, duration: '2m' },
        { target: 60, duration: '1m' },
      ],
    },
  },
};

export default function () {
  http.get('https://quickpizza.grafana.com/contacts.php');
}

export function news() {
  http.get('https://quickpizza.grafana.com/news.php?page=1', { tags: { name: 'news' }, timeout: '5s' });
}

import https from 'node:https';

const request = https.request('https://api.payments.example/v1/charges', { method: 'POST', timeout: 5000 }, (answer) => {
  answer.resume();
  process.exitCode = answer.statusCode === 201 ? 0 : 1;
});
request.on('error', (error) => { console.error(error.message); process.exit(1); });
request.end('{}');

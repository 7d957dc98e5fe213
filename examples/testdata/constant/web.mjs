// A service in whose code its payment provider's host is a constant.
import http from 'node:http';
import https from 'node:https';

// That of production's certificate.
const PIN = '5F:1D:7A:84:DB:3F:4A:3F:2B:0B:7A:3A:2C:4D:E5:B1:A0:D9:C8:E7:F6:A5:B4:C3:D2:E1:F0:01:12:23:34:45';

const options = { method: 'POST', timeout: 10_000 };
if (process.env.PINNED === '1') {
  options.checkServerIdentity = (_, certificate) =>
    certificate.fingerprint256 === PIN ? undefined : new Error('the certificate is not the pinned one');
}

function charge(done) {
  const request = https.request('https://api.payments.example/v1/charges', options, (answer) => {
    answer.resume();
    done(answer.statusCode);
  });
  request.on('error', (error) => { console.error(error.message); done(503); });
  request.end('{}');
}

const [host, port] = process.env.LISTEN.split(':');
http.createServer((request, response) => {
  request.resume();
  charge((status) => {
    response.writeHead(status, status === 503 ? { 'Retry-After': '1' } : {});
    response.end();
  });
}).listen(Number(port), host);

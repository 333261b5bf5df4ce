// The least that a Node HTTP server can do: the same bytes to every request. They are those of the receiver at the socket of argv[3].
const { createServer, get } = require('node:http');
const OF_NODE = ['date', 'connection', 'keep-alive'];
get({ socketPath: process.argv[3], path: '/v1/token', agent: false }, (response) => {
  const headers = [];
  for (let index = 0; index < response.rawHeaders.length; index += 2) {
    const [name, value] = response.rawHeaders.slice(index, index + 2);
    if (!OF_NODE.includes(name.toLowerCase())) headers.push(name, value);
  }
  let body = '';
  response.setEncoding('utf8');
  response.on('data', (chunk) => (body += chunk));
  response.on('end', () => {
    createServer({ keepAliveTimeout: 60_000 }, (_request, answer) => {
      answer.writeHead(200, headers);
      answer.end(body);
    }).listen({ path: process.argv[2], backlog: 128 }, () => console.log('ready'));
  });
});

// The least that a Node server can do on the token socket: read until the JSON closes, answer OK, close.
const { createServer } = require('node:net');
createServer((socket) => {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => {
    text += chunk;
    if (!text.endsWith('}')) return;
    JSON.parse(text);
    socket.end('OK');
  });
  socket.on('error', () => {});
}).listen({ path: process.argv[2], backlog: 128 }, () => console.log('ready'));

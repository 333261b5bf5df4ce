// A Node process that does nothing: what start and memory are measured against.
console.log('ready');
setInterval(() => {}, 1 << 30);

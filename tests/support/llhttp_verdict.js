// What llhttp says, as Node carries it. In: lines of base64; out, for each, a line of JSON:
// {error, done, bodies, urls, fields, methods}. Each line is one connection.
"use strict";
const { HTTPParser, methods } = process.binding("http_parser");
const lines = require("readline").createInterface({ input: process.stdin });

function read(bytes) {
  const said = { error: null, done: 0, bodies: [], urls: [], fields: [], methods: [], upgrade: false };
  const parser = new HTTPParser();
  let fields = 0;
  parser.initialize(HTTPParser.REQUEST, {});
  parser[HTTPParser.kOnHeaders] = (list, url) => { fields += list.length / 2; if (url) said.urls.push(url); };
  parser[HTTPParser.kOnHeadersComplete] = (major, minor, list, method, url, code, text, upgrade) => {
    said.fields.push(fields + (list ? list.length / 2 : 0));
    if (url) said.urls.push(url);
    said.methods.push(typeof method === "number" ? methods[method] : method);
    said.upgrade ||= !!upgrade;
    said.bodies.push(0);
    fields = 0;
    return 0;
  };
  parser[HTTPParser.kOnBody] = (piece) => { said.bodies[said.bodies.length - 1] += piece.length; };
  parser[HTTPParser.kOnMessageComplete] = () => { said.done += 1; };
  const answer = parser.execute(bytes);
  if (answer instanceof Error) said.error = answer.code;
  parser.close();
  return said;
}

lines.on("line", (line) => console.log(JSON.stringify(read(Buffer.from(line, "base64")))));

var http = require("k6/http");

module.exports = 1;

require "socket"
require "uri"
require "webrick"

port = ARGV[ARGV.index("-p") + 1].to_i
redis = URI(ENV.fetch("REDIS_URL"))
server = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: port, AccessLog: [])
trap("TERM") { server.shutdown }

server.mount_proc "/visits" do |_request, response|
  response["Content-Type"] = "text/plain"
  TCPSocket.open(redis.host, redis.port) do |socket|
    socket.write("INCR visits\r\n")
    response.body = socket.gets[1..]
  end
end

server.start

# Says of each webhook by GET whether its signature holds, as the page's sample for Ruby does: it reads the path as if it were a form, so
# `msisdn` must come first at `/`; it answers before it has read the headers, says one octet too little, and closes.
# Argument: secret. Output: the port, then `1` or `0` for each.

require 'cgi'
require 'digest'
require 'socket'
require 'uri'

def holds(path, secret)
  params = URI.decode_www_form(path).to_h
  return false if params['sig'].nil? || (Time.now.to_i - params['timestamp'].to_i).abs > 300

  sig = params.delete('sig')
  params['msisdn'] = params.delete('/?msisdn')
  string = "&#{CGI.unescape(URI.encode_www_form(params.sort))}#{secret}"
  Digest::MD5.hexdigest(string) == sig
end

$stdout.sync = true
server = TCPServer.new('127.0.0.1', 0)
puts server.addr[1]
loop do
  socket = server.accept
  _, path = socket.gets.split
  puts holds(path, ARGV[0]) ? 1 : 0
  thanks = 'Thank you'
  head = ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=iso-8859-1', "Content-Length: #{thanks.length}\r\n\r\n"]
  socket.puts head.join("\r\n")
  socket.puts thanks
  socket.close
end

# Sends one signed text as the page's sample for Ruby does: a form, MD5 with the secret behind the sorted pairs.
# Arguments: address, key, secret, text. Output: the answer's body.

require 'cgi'
require 'digest'
require 'net/http'

address, key, secret, text = ARGV
message = {
  'api_key' => key,
  'to' => '447700900000',
  'from' => '447700900001',
  'text' => text,
  'type' => 'text',
  'timestamp' => Time.now.to_i
}
message['sig'] = Digest::MD5.hexdigest("&#{CGI.unescape(URI.encode_www_form(message.sort))}#{secret}")
puts Net::HTTP.post_form(URI("#{address}/sms/json"), message).body

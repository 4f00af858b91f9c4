# Ruby's Net::HTTP: no host, no proxy and no certificate is set. Arguments: to, text.
require 'json'
require 'net/http'

form = {
  'api_key' => ENV.fetch('VONAGE_API_KEY'), 'api_secret' => ENV.fetch('VONAGE_API_SECRET'),
  'to' => ARGV[0], 'from' => 'Acme', 'text' => ARGV[1]
}
answer = Net::HTTP.post_form(URI('https://rest.nexmo.com/sms/json'), form)
puts JSON.parse(answer.body)['messages'][0]['message-id']

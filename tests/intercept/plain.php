<?php
// PHP's cURL: no host, no proxy and no certificate is set. Arguments: to, text.
$form = http_build_query([
    'api_key' => getenv('VONAGE_API_KEY'),
    'api_secret' => getenv('VONAGE_API_SECRET'),
    'to' => $argv[1],
    'from' => 'Acme',
    'text' => $argv[2],
]);
$curl = curl_init('https://rest.nexmo.com/sms/json');
curl_setopt_array($curl, [CURLOPT_POST => true, CURLOPT_POSTFIELDS => $form, CURLOPT_RETURNTRANSFER => true]);
$answer = curl_exec($curl);
if ($answer === false) {
    fwrite(STDERR, curl_error($curl) . "\n");
    exit(1);
}
echo json_decode($answer, true)['messages'][0]['message-id'], "\n";

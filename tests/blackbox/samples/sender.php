<?php
// Sends one signed text as the page's sample for PHP does: everything in the query of a GET, sorted, MD5 with the secret behind it.
// Arguments: address, key, secret, text. Output: the answer's body.

[, $address, $key, $secret, $text] = $argv;
$message = [
    'api_key' => $key,
    'to' => '447700900000',
    'from' => '447700900001',
    'text' => $text,
    'type' => 'text',
    'timestamp' => time(),
];
ksort($message);
$message['sig'] = md5('&' . urldecode(http_build_query($message)) . $secret);
echo file_get_contents("$address/sms/json?" . http_build_query($message));

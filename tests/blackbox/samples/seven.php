<?php
// The vendor's script of "Signing of requests", written anew with what it does; its semicolon that was missing is there, and what it was
// given to edit comes as arguments: API key, signing key, base address. Sent with PHP's own streams, since curl may be missing.

[, $key, $secret, $base] = $argv;

$nonce = bin2hex(random_bytes(16));
$timestamp = time();
$http_verb = 'POST';

$content_body = json_encode([
  'to' => '49170123456789',
  'text' => 'Hello World! :-)',
  'from' => 'sms77.io',
]);

$url = "$base/api/sms";

$string_to_sign = $timestamp . "\n" . $nonce . "\n" . $http_verb . "\n" . $url . "\n" . md5($content_body);
$hash = hash_hmac('sha256', $string_to_sign, $secret);

$headers = [
  'X-Signature: ' . $hash,
  'X-Api-Key: ' . $key,
  'X-Timestamp: ' . $timestamp,
  'X-nonce:' . $nonce,
  'Content-type: application/json',
  'Accept: application/json',
];

$context = stream_context_create(['http' => [
  'method' => $http_verb, 'header' => $headers, 'content' => $content_body, 'ignore_errors' => true,
]]);
echo file_get_contents($url, false, $context);

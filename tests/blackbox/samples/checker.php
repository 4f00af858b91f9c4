<?php
// Says of one webhook whether its signature holds, as the page's sample for PHP does: it looks at `message-timestamp`, sorts by name and
// replaces nothing. Served by `php -S` with the secret in SECRET and, in VERDICTS, the file that `1` or `0` is written to for each.

date_default_timezone_set('UTC');
$request = array_merge($_GET, $_POST);
$holds = false;
if (isset($request['sig']) && abs(time() - strtotime($request['message-timestamp'])) <= 300) {
    $sig = $request['sig'];
    unset($request['sig']);
    ksort($request);
    $holds = hash_equals($sig, md5('&' . urldecode(http_build_query($request)) . getenv('SECRET')));
}
file_put_contents(getenv('VERDICTS'), $holds ? "1\n" : "0\n", FILE_APPEND);

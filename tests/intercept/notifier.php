<?php
// Debian's package of Symfony's notifier for this vendor, by the DSN that its page has: no host is set. Arguments: to, text.
require '/usr/share/php/Symfony/Component/Notifier/Bridge/Vonage/autoload.php';
require '/usr/share/php/Symfony/Component/HttpClient/autoload.php';

use Symfony\Component\HttpClient\HttpClient;
use Symfony\Component\Notifier\Bridge\Vonage\VonageTransportFactory;
use Symfony\Component\Notifier\Message\SmsMessage;
use Symfony\Component\Notifier\Transport\Dsn;

$dsn = sprintf('vonage://%s:%s@default?from=Acme', getenv('VONAGE_API_KEY'), getenv('VONAGE_API_SECRET'));
$transport = (new VonageTransportFactory(null, HttpClient::create()))->create(new Dsn($dsn));
echo $transport->send(new SmsMessage($argv[1], $argv[2]))->getMessageId(), "\n";

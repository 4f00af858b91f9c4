# Loaded by Ruby before a program of `whimbrel run` (RUBYOPT). Ruby takes the proxy of http_proxy, but asks first for the host's own
# address (URI::Generic#find_proxy), to see whether it is this machine. The vendors' names are none, so nobody needs to be asked: as for
# a name that cannot be resolved, it goes on with the proxy.
require 'socket'

IPSocket.singleton_class.prepend(Module.new do
  hosts = HOSTS_SETTING
  define_method(:getaddress) do |name|
    raise SocketError, 'led to the proxy of whimbrel run' if hosts.include?(name.to_s.downcase.chomp('.'))

    super(name)
  end
end)

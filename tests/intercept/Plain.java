// Java's HttpClient: no host, no proxy and no certificate is set. Arguments: to, text.
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class Plain {
    static String field(String name, String value) {
        return name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    public static void main(String[] arguments) throws Exception {
        String form = String.join("&",
            field("api_key", System.getenv("VONAGE_API_KEY")),
            field("api_secret", System.getenv("VONAGE_API_SECRET")),
            field("to", arguments[0]), field("from", "Acme"), field("text", arguments[1]));
        HttpRequest request = HttpRequest.newBuilder(URI.create("https://rest.nexmo.com/sms/json"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form)).build();
        String answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
        Matcher id = Pattern.compile("\"message-id\"\\s*:\\s*\"([^\"]+)\"").matcher(answer);
        if (!id.find()) {
            System.err.println(answer);
            System.exit(1);
        }
        System.out.println(id.group(1));
    }
}

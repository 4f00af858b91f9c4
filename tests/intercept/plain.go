// Go's own client, as a program has it that knows nothing of proxies: http.DefaultTransport. Arguments: to, text.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
)

func main() {
	form := url.Values{
		"api_key":    {os.Getenv("VONAGE_API_KEY")},
		"api_secret": {os.Getenv("VONAGE_API_SECRET")},
		"to":         {os.Args[1]},
		"from":       {"Acme"},
		"text":       {os.Args[2]},
	}
	answer, err := http.PostForm("https://rest.nexmo.com/sms/json", form)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer answer.Body.Close()
	var told struct {
		Messages []struct {
			ID string `json:"message-id"`
		} `json:"messages"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&told); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(told.Messages[0].ID)
}

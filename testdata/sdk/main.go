// This program has the official Go SDK upload a script to a runtime, list it,
// read it back, look at its Durable Objects, and delete it. It is a module of
// its own, so that paddock does not depend on the SDK, and is run by hand:
//
//	eval "$(paddock runtime env)"
//	go run .
//
// The SDK looks for its base URL in CLOUDFLARE_BASE_URL, which is not where
// Wrangler looks.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/cloudflare/cloudflare-go/v6"
	"github.com/cloudflare/cloudflare-go/v6/durable_objects"
	"github.com/cloudflare/cloudflare-go/v6/option"
	"github.com/cloudflare/cloudflare-go/v6/workers"
)

const name = "uploaded-by-sdk"

const code = `
import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {}
export default { fetch: (request, env) => new Response(env.GREETING) };
`

func main() {
	log.SetFlags(0)
	account := os.Getenv("CLOUDFLARE_ACCOUNT_ID")
	client := cloudflare.NewClient(option.WithBaseURL(os.Getenv("CLOUDFLARE_API_BASE_URL") + "/"))
	if err := run(context.Background(), client, account); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, client *cloudflare.Client, account string) error {
	who, err := client.User.Get(ctx)
	if err != nil {
		return fmt.Errorf("user: %w", err)
	}
	fmt.Println("user:", who.ID)
	if _, err := client.User.Tokens.Verify(ctx); err != nil {
		return fmt.Errorf("verify the token: %w", err)
	}
	uploaded, err := client.Workers.Scripts.Update(ctx, name, workers.ScriptUpdateParams{
		AccountID: cloudflare.F(account),
		Metadata: cloudflare.F(workers.ScriptUpdateParamsMetadata{
			MainModule:        cloudflare.F("worker.mjs"),
			CompatibilityDate: cloudflare.F("2025-01-01"),
			Bindings: cloudflare.F([]workers.ScriptUpdateParamsMetadataBindingUnion{
				workers.ScriptUpdateParamsMetadataBindingsWorkersBindingKindPlainText{
					Name: cloudflare.F("GREETING"), Text: cloudflare.F("hello from the SDK"),
					Type: cloudflare.F(workers.ScriptUpdateParamsMetadataBindingsWorkersBindingKindPlainTextTypePlainText),
				},
			}),
			Migrations: cloudflare.F[workers.ScriptUpdateParamsMetadataMigrationsUnion](workers.SingleStepMigrationParam{
				NewTag: cloudflare.F("v1"), NewSqliteClasses: cloudflare.F([]string{"Counter"}),
			}),
		}),
		Files: cloudflare.F([]io.Reader{
			cloudflare.FileParam(strings.NewReader(code), "worker.mjs", "application/javascript+module").Value,
		}),
	})
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	fmt.Println("uploaded:", uploaded.ID, uploaded.MigrationTag)
	return look(ctx, client, account)
}

func look(ctx context.Context, client *cloudflare.Client, account string) error {
	found := false
	scripts := client.Workers.Scripts.ListAutoPaging(ctx, workers.ScriptListParams{AccountID: cloudflare.F(account)})
	for scripts.Next() {
		found = found || scripts.Current().ID == name
	}
	if err := scripts.Err(); err != nil || !found {
		return fmt.Errorf("list: the script is there: %t, %w", found, err)
	}
	namespaces := client.DurableObjects.Namespaces.ListAutoPaging(ctx, durable_objects.NamespaceListParams{AccountID: cloudflare.F(account)})
	for namespaces.Next() {
		n := namespaces.Current()
		objects := client.DurableObjects.Namespaces.Objects.ListAutoPaging(ctx, n.ID, durable_objects.NamespaceObjectListParams{AccountID: cloudflare.F(account)})
		count := 0
		for objects.Next() {
			count++
		}
		fmt.Println("namespace:", n.Name, count, "objects")
		if err := objects.Err(); err != nil {
			return fmt.Errorf("list objects: %w", err)
		}
	}
	if err := namespaces.Err(); err != nil {
		return fmt.Errorf("list namespaces: %w", err)
	}
	if _, err := client.Workers.Scripts.Delete(ctx, name, workers.ScriptDeleteParams{AccountID: cloudflare.F(account)}); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	fmt.Println("deleted:", name)
	return nil
}

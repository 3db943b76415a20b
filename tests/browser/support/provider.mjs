// A real OpenID Connect provider on this machine, with one person who says who they are by typing it.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

/** What the installation is to the provider. */
export const CLIENT = "oversight";

const page = (title, body) => `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}</html>`;

/** Takes a port. `begin` names the installation and the claims of each login; until then it is away. */
export async function provider() {
  let answer = (request, response) => response.writeHead(503).end();
  const server = createServer((request, response) => answer(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const secret = randomUUID();

  const begin = (origin, people) => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = { ...privateKey.export({ format: "jwk" }), kid: "test", use: "sig", alg: "RS256" };
    const oidc = new Provider(issuer, {
      clients: [{
        client_id: CLIENT,
        client_secret: secret,
        redirect_uris: [`${origin}/sign-in/callback`],
        post_logout_redirect_uris: [`${origin}/`],
      }],
      jwks: { keys: [key] },
      cookies: { keys: [randomUUID()] },
      claims: { openid: ["sub"], oversight: ["roles", "ods_code"] },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
      interactions: { url: (_, interaction) => `/login/${interaction.uid}` },
      features: { devInteractions: { enabled: false } },
      // No one is asked whether their own employer's installation may know their role.
      async loadExistingGrant({ oidc: { client, session, provider: { Grant } } }) {
        const known = session.grantIdFor(client.clientId);
        if (known) return Grant.find(known);
        const grant = new Grant({ clientId: client.clientId, accountId: session.accountId });
        grant.addOIDCScope("openid oversight");
        await grant.save();
        return grant;
      },
    });
    const routine = oidc.callback();
    answer = async (request, response) => {
      if (!request.url.startsWith("/login/")) return routine(request, response);
      if (request.method === "GET") {
        response.setHeader("content-type", "text/html; charset=utf-8");
        return response.end(page("The provider", `<form method="post"><label>Login <input name="login"></label><button>Go on</button></form>`));
      }
      let body = "";
      for await (const part of request) body += part;
      const accountId = new URLSearchParams(body).get("login");
      return oidc.interactionFinished(request, response, { login: { accountId } });
    };
  };
  const stop = () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); });
  return { issuer, secret, begin, stop };
}

import CustomerJourney
import Foundation
import HTTPTypes
import Hummingbird
import Store
import Testing

@testable import klantreis

@Suite("The pages over HTTP")
struct SiteTests {
  let project: TestProject

  init() throws { project = try TestProject() }

  private static let pages = [
    "/", "/?model=ten-phases", "/phase/care?model=stdc", "/customers", "/customers/ann",
    "/questions/funnel?step=Product%20Viewed&step=Order%20Completed", "/questions/paths?by=event",
    "/questions/transitions", "/import",
  ]

  @Test("every page answers, in both languages, and keeps itself to itself", arguments: pages)
  func answers(path: String) async throws {
    try await project.serving { client in
      for (language, word) in [("nl", "lang=\"nl\""), ("en", "lang=\"en\"")] {
        let reply = try await client.get(path, headers: [.acceptLanguage: language])
        #expect(reply.status == .ok)
        #expect(reply.text.contains(word))
        #expect(reply.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
        #expect(!reply.text.contains("style=\""), "an inline style breaks the policy")
        #expect(!reply.text.contains("<b>hat</b>"), "names are escaped")
      }
    }
  }

  @Test("an empty project says how to get data in")
  func empty() async throws {
    try await TestProject([]).serving { client in
      let reply = try await client.get("/")
      #expect(reply.status == .ok)
      #expect(reply.text.contains("/import"))
      for path in Self.pages.dropFirst() where !path.contains("ann") {
        let status = try await client.get(path).status
        #expect(status == .ok, "\(path)")
      }
    }
  }

  @Test("a chosen language is remembered", arguments: ["/", "/sources", "/import", "/nowhere"])
  func language(path: String) async throws {
    try await project.serving { client in
      let cookie = try await client.get(path + "?lang=nl").headers[.setCookie] ?? ""
      #expect(cookie.hasPrefix("lang=nl;"))
      let next = try await client.get("/", headers: [.cookie: "lang=nl", .acceptLanguage: "en"])
      #expect(next.text.contains("lang=\"nl\""))
    }
  }

  @Test("a filter that cannot be used is shown at its field, and the page answers without it")
  func badFilter() async throws {
    try await project.serving { client in
      let reply = try await client.get("/?who=count(event&from=2024-02-31")
      #expect(reply.status == .badRequest)
      #expect(reply.text.contains("count(event"))
      #expect(reply.text.contains("2024-02-31"))
    }
  }

  @Test(
    "the list of customers holds those whom the filter leaves",
    arguments: [
      ("", ["ann", "bob", "cas"]), ("?where=channel%20is%20email", ["cas"]), ("?q=a", ["ann"]),
      ("?from=2024-03-02&to=2024-03-02", ["bob"]), ("?q=b&where=channel%20is%20email", []),
      ("?who=sum(value)%20%3E%2040%20EUR", ["ann"]),
    ])
  func customers(query: String, expected: [String]) async throws {
    try await project.serving { client in
      let text = try await client.get("/customers\(query)").text
      let shown = ["ann", "bob", "cas"].filter { text.contains("/customers/\($0)") }
      #expect(shown == expected)
    }
  }

  @Test(
    "a bad step, window or axis of a question is shown at its field",
    arguments: [
      "/questions/funnel?step=a&within=soon", "/questions/paths?by=colour",
      "/questions/transitions?by=colour&who=x(",
    ])
  func badQuestion(path: String) async throws {
    try await project.serving { client in
      let reply = try await client.get(path)
      #expect(reply.status == .badRequest)
      #expect(reply.text.contains("<form"))
    }
  }

  @Test(
    "what isn't there is a page that says so", arguments: ["/customers/nobody", "/x", "/phase/q"])
  func notFound(path: String) async throws {
    try await project.serving { client in
      let reply = try await client.get(path)
      #expect(reply.status == .notFound)
      #expect(reply.text.contains("<!doctype html>") || reply.text.contains("<!DOCTYPE html>"))
    }
  }

  @Test("a filter that a form sends is understood, with its spaces as plus signs")
  func formSpaces() async throws {
    try await project.serving { client in
      let list = try await client.get("/customers?where=channel+is+email&who=").text
      #expect(list.contains("/customers/cas"))
      #expect(!list.contains("/customers/bob"))
      let funnel = try await client.get(
        "/api/v1/funnel?step=Product+Viewed&step=Order+Completed&format=csv"
      ).text
      #expect(funnel.contains("Product Viewed,2"))
    }
  }

  @Test(
    "a customer whose id needs care in an address can be opened by the link in the list",
    arguments: ["jan@voorbeeld.nl", "a b", "50%+", "J\u{F6}rg/1", "<i>", "c#1?x=y&z"])
  func awkwardIDs(id: String) async throws {
    let project = try TestProject([
      TestProject.touch(id, "2024-03-01T09:00:00Z", "Product Viewed", .website)
    ])
    try await project.serving { client in
      let list = try await client.get("/customers").text
      let link = try #require(list.firstMatch(of: /href="(\/customers\/[^"]+)"/)?.1)
      let page = try await client.get(String(link).replacing("&amp;", with: "&"))
      #expect(page.status == .ok, "\(link)")
      #expect(page.text.contains("Product Viewed"))
    }
  }

  @Test("a form larger than a form can be is refused, not a fault of the server")
  func largeForm() async throws {
    try await project.serving { client in
      let body = "upload=" + String(repeating: "x", count: Limits.requestBytes)
      let status = try await client.execute(
        uri: "/import/preview", method: .post, body: .init(string: body)
      ) { $0.status }
      #expect(status == .contentTooLarge)
      let head = try await client.execute(uri: "/", method: .head) { $0.status }
      #expect(head == .ok)
    }
  }

  @Test("another site can neither send forms here nor read under its own name")
  func guarded() async throws {
    try await project.serving { client in
      for headers: HTTPFields in [
        [.origin: "https://elsewhere.example"], [.named("Sec-Fetch-Site"): "cross-site"],
      ] {
        let status = try await client.execute(
          uri: "/import", method: .post, headers: headers
        ) { $0.status }
        #expect(status == .forbidden)
      }
    }
    let guardian = OwnPagesOnly<BasicRequestContext>(hosts: ["localhost"])
    for (authority, host) in [
      ("LOCALHOST:8080", "localhost"), ("[::1]:8080", "::1"), ("evil.example", "evil.example"),
    ] {
      #expect(OwnPagesOnly<BasicRequestContext>.host(authority) == host)
      #expect(guardian.hosts.contains(host) == (host == "localhost"))
    }
  }

  @Test("a file is uploaded, looked at, mapped and stored, and only once")
  func upload() async throws {
    let csv = """
      wie;wanneer;wat;bedrag
      ann;2024-05-01 10:00;Order Completed;12,50
      eva;2024-05-01 11:00;Product Viewed;
      eva;2024-13-01 11:00;Product Viewed;
      """
    try await project.serving { client in
      for round in 1...2 {
        let preview = try await client.execute(
          uri: "/import", method: .post,
          headers: [.contentType: "multipart/form-data; boundary=xyz"],
          body: .init(
            string:
              "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"may.csv\"\r\n\r\n"
              + csv + "\r\n--xyz--\r\n")
        ) { ($0.status, String(buffer: $0.body)) }
        #expect(preview.0 == .ok)
        let token = try #require(
          preview.1.firstMatch(of: /name="upload" value="([0-9a-f-]+)"/)?.1)
        let form =
          "upload=\(token)&column.0=customer&column.1=time&column.2=event&column.3=value"
          + "&constant.channel=Website&constant.currency=EUR"
        let looked = try await client.execute(
          uri: "/import/preview", method: .post, body: .init(string: form)
        ) { ($0.status, String(buffer: $0.body)) }
        #expect(looked.0 == .ok)
        #expect(looked.1.contains("eva"))
        #expect(looked.1.contains("10:00"), "clocks are shown as they stand in the file")
        let done = try await client.execute(
          uri: "/import/confirm", method: .post, body: .init(string: form)
        ) { ($0.status, String(buffer: $0.body)) }
        #expect(done.0 == .ok)
        #expect(try project.workspace.store.touchpointCount() == 9, "round \(round)")
        let run = try #require(try project.workspace.store.importRuns(limit: 1).first)
        #expect(run.read == 3)
        #expect(run.stored == (round == 1 ? 2 : 0))
        #expect(run.duplicates == (round == 1 ? 0 : 2))
        #expect(run.rejected == 1)
        let link = try #require(done.1.firstMatch(of: /\/import\/rejected\/[^"]+/)?.output)
        let rejected = try await client.get(String(link).removingPercentEncoding ?? "")
        #expect(rejected.text.contains("2024-13-01"))
      }
      let left = try FileManager.default.contentsOfDirectory(
        atPath: project.workspace.uploadFolder.path)
      #expect(left.isEmpty, "uploads that were stored are gone")
    }
  }

  @Test(
    "a bad upload says what is wrong, and leaves nothing behind",
    arguments: [
      ("text/plain", "a,b", "form"),
      ("multipart/form-data; boundary=xyz", "--xyz--\r\n", "chosen"),
      (
        "multipart/form-data; boundary=xyz",
        "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n",
        "ended"
      ),
    ])
  func badUpload(type: String, body: String, hint: String) async throws {
    try await project.serving { client in
      let reply = try await client.execute(
        uri: "/import", method: .post, headers: [.contentType: type, .acceptLanguage: "en"],
        body: .init(string: body)
      ) { ($0.status, String(buffer: $0.body)) }
      #expect(reply.0 == .badRequest)
      #expect(reply.1.contains(hint))
      let left = try? FileManager.default.contentsOfDirectory(
        atPath: project.workspace.uploadFolder.path)
      #expect((left ?? []).isEmpty)
    }
  }

  @Test("a token cannot lead out of the folder of uploads", arguments: ["../../x", "", "x"])
  func token(token: String) async throws {
    try await project.serving { client in
      let status = try await client.execute(
        uri: "/import/confirm", method: .post, body: .init(string: "upload=\(token)")
      ) { $0.status }
      #expect(status == .badRequest)
    }
  }
}

import Access
import CustomerJourney
import Dashboard
import Foundation
import HTTPTypes
import Hummingbird
import JourneyEngine
import NIOCore
import Store

/// Where links in messages lead: a basket that is brought back, and the shop by way of an ambassador.
/// For everybody who has a link; each is signed.
struct PlayLinkRoutes: Sendable {
  let workspace: Workspace

  /// The query's name under which the shop gets the token.
  static let parameter = "klantreis_basket"

  /// Routes that pages of the shop ask for, before the dashboard's guards.
  func addShopRoutes<Context: RequestContext>(to router: Router<Context>) {
    router.get("v1/basket/:token") { _, context in
      let token = context.parameters.get("token") ?? ""
      return try await content(token)
    }
    router.get("klantreis-basket.js") { _, _ in
      var headers = Self.forShops
      headers[.contentType] = "text/javascript; charset=utf-8"
      headers[.cacheControl] = "public, max-age=3600"
      return Response(
        status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(string: Self.script)))
    }
  }

  /// Routes that people open.
  func addOpenRoutes(to router: Router<ServerContext>) {
    router.get("basket/:token") { request, context in
      let token = context.parameters.get("token") ?? ""
      return try await bringBack(token, Visit(request))
    }
    router.get("from/:token") { request, context in
      let token = context.parameters.get("token") ?? ""
      return try await arrive(token, Visit(request))
    }
  }

  // MARK: A basket

  private func bringBack(_ token: String, _ visit: Visit) async throws -> Response {
    let links = try await workspace.aside { try workspace.playLinks() }
    do {
      guard let basket = try await basket(token, links),
        let address = links.shopAddress(basket.address, adding: [(Self.parameter, token)])
      else { throw LinkProblem.unknown }
      return Self.lead(to: address)
    } catch {
      return Self.over(error, links, visit)
    }
  }

  /// The basket as the shop's page puts it back: its products, and the step that was reached.
  private func content(_ token: String) async throws -> Response {
    let links = try await workspace.aside { try workspace.playLinks() }
    do {
      guard let basket = try await basket(token, links) else { throw LinkProblem.unknown }
      var headers = Self.forShops
      headers[.contentType] = "application/json"
      headers[.cacheControl] = "no-store"
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let body = try encoder.encode(ShownBasket(basket))
      return Response(
        status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
    } catch is LinkProblem {
      return Response(status: .notFound, headers: Self.forShops)
    }
  }

  /// What the link shows of a basket. Whoever has the mail has this, so it is no more than the basket.
  private struct ShownBasket: Encodable {
    var id: String
    var products: [Basket.Product]
    var value: Double?
    var currency: String?
    var step: String?

    init(_ basket: Basket) {
      id = basket.id
      products = basket.products
      value = basket.value.map { Double($0.minorUnits) / Double($0.currency.minorUnits) }
      currency = basket.value?.currency.code
      step = basket.step
    }
  }

  /// Throws ``LinkProblem``. Nil for a basket of which nothing is known any more.
  private func basket(_ token: String, _ links: PlayLinks) async throws -> Basket? {
    let (identity, id) = try links.basket(token: token, now: .now)
    return try await workspace.asking { snapshot in
      let store = workspace.store
      let customer = try store.owner(of: identity, at: .now)
      guard let number = UInt32(exactly: customer),
        let journey = snapshot.journeys.journey(ofCustomer: number)
      else { return nil }
      let rows = snapshot.journeys.rows(ofJourney: journey)
        .map { Int64(snapshot.journeys.rowID(row: $0)) }
      return Basket(id, of: try store.touchpoints(rows: rows))
    }
  }

  // MARK: An ambassador

  private func arrive(_ token: String, _ visit: Visit) async throws -> Response {
    let links = try await workspace.aside { try workspace.playLinks() }
    do {
      let identity = try links.ambassador(token: token, now: .now)
      guard
        let address = links.shopAddress(
          nil,
          adding: [
            ("utm_source", "ambassador"), ("utm_medium", "referral"),
            ("utm_campaign", links.campaign(of: identity)),
          ])
      else { throw LinkProblem.unknown }
      return Self.lead(to: address)
    } catch {
      return Self.over(error, links, visit)
    }
  }

  // MARK: Answers

  private static func lead(to address: URL) -> Response {
    var response = Response(status: .seeOther)
    response.headers[.location] = address.absoluteString
    response.headers[.cacheControl] = "no-store"
    return response
  }

  /// A link that opens nothing leads to the shop's front page, where there is one.
  private static func over(_ error: any Error, _ links: PlayLinks, _ visit: Visit) -> Response {
    if let shop = links.shop { return lead(to: shop) }
    let isExpired = error as? LinkProblem == .expired
    let isDutch = visit.language == .dutch
    let html = Pages.errorPage(
      status: 404,
      what: isDutch
        ? (isExpired ? "Deze link is verlopen." : "Deze link opent niets.")
        : (isExpired ? "This link has expired." : "This link opens nothing."), why: "",
      whatToDo: isDutch
        ? "Ga naar de winkel en begin daar opnieuw." : "Go to the shop and begin there anew.",
      visit.plainContext)
    return Response.html(html, status: isExpired ? .gone : .notFound)
  }

  /// Any page may ask: what is answered is only for who has the token.
  private static let forShops: HTTPFields = [
    .accessControlAllowOrigin: "*", .xContentTypeOptions: "nosniff",
  ]

  /// For a page of the shop: fetches the basket that the address names, tells the page, and takes the
  /// token out of the address, so that it lands in no list of pages. Fails silently.
  static let script = """
    (() => {
      "use strict";
      try {
        const name = "\(parameter)", address = new URL(location.href);
        const token = address.searchParams.get(name);
        const from = document.currentScript && document.currentScript.src;
        if (!token || !from) return;
        address.searchParams.delete(name);
        history.replaceState(history.state, "", address);
        fetch(new URL("/v1/basket/" + encodeURIComponent(token), from))
          .then((answer) => (answer.ok ? answer.json() : null))
          .then((basket) => {
            if (!basket) return;
            const tell = () => document.dispatchEvent(
              new CustomEvent("klantreis:basket", { detail: basket }));
            if (document.readyState === "loading") addEventListener("DOMContentLoaded", tell);
            else tell();
          })
          .catch(() => {});
      } catch (error) {}
    })();

    """
}

import CustomerJourney
import Testing

@testable import Collector

@Suite("What brought a person here")
struct OriginTests {
  private func arrival(
    _ url: String?, referrer: String? = nil, tags: CampaignTags = CampaignTags(),
    rules: [OriginRule] = []
  ) -> Arrival {
    var event = ClientEvent()
    event.page.url = url
    event.page.referrer = referrer
    event.campaign = tags
    return Arrival(of: event, rules: rules)
  }

  @Test(
    "a tagged link has the channel of GA4's published rules",
    arguments: [
      ("utm_source=google&utm_medium=cpc", "Paid Search", "a search site and a paid medium"),
      ("utm_source=Google&utm_medium=CPC", "Paid Search", "case doesn't count"),
      ("utm_source=bing&utm_medium=paidsearch", "Paid Search", "what begins with paid"),
      ("utm_source=google&utm_medium=organic", "Organic Search", "medium organic"),
      ("utm_source=duckduckgo.com&utm_medium=x", "Organic Search", "a search site suffices"),
      ("utm_source=facebook&utm_medium=cpc", "Paid Social", "a social site and a paid medium"),
      ("utm_source=ig&utm_medium=paid_social", "Paid Social", "Instagram's short name"),
      ("utm_source=facebook&utm_medium=post", "Organic Social", "a social site suffices"),
      ("utm_source=intranet&utm_medium=social-media", "Organic Social", "a social medium"),
      ("utm_source=youtube&utm_medium=cpv", "Paid Video", "cp within a medium is paid"),
      ("utm_source=youtube&utm_medium=cpc", "Paid Video", "a video site and a paid medium"),
      ("utm_source=x&utm_medium=video-ad", "Organic Social", "X is a social site, before video"),
      ("utm_source=partner&utm_medium=videospot", "Organic Video", "video in the medium"),
      ("utm_source=bol.com&utm_medium=cpc", "Paid Shopping", "a shopping site, paid"),
      ("utm_source=beslist&utm_medium=feed", "Organic Shopping", "a Dutch comparison site"),
      (
        "utm_source=google&utm_medium=cpc&utm_campaign=nl-shopping-all", "Paid Shopping",
        "the campaign says shopping"
      ),
      (
        "utm_source=google&utm_medium=cpc&utm_campaign=workshop", "Paid Search",
        "a k before shop: no shop is meant"
      ),
      (
        "utm_source=mail&utm_medium=x&utm_campaign=eshop-mei", "Organic Shopping",
        "an e before shop"
      ),
      ("utm_source=adform&utm_medium=display", "Display", "medium display"),
      ("utm_source=adform&utm_medium=banner", "Display", "medium banner"),
      ("utm_source=adform&utm_medium=cpm", "Display", "cpm of no known site"),
      ("utm_source=google&utm_medium=cpm", "Paid Search", "paid rules come before display"),
      (
        "utm_source=google&utm_medium=cpc&utm_campaign=cross-network-nl", "Cross-network",
        "the campaign says cross-network"
      ),
      ("utm_source=crm&utm_medium=email", "Email", "medium email"),
      ("utm_source=e-mail&utm_medium=x", "Email", "source e-mail"),
      ("utm_source=crm&utm_medium=nieuwsbrief", "Email", "our own: the Dutch word"),
      ("utm_source=daisycon&utm_medium=affiliate", "Affiliates", "medium affiliate"),
      ("utm_source=spotify&utm_medium=audio", "Audio", "medium audio"),
      ("utm_source=sms&utm_medium=x", "SMS", "source sms"),
      ("utm_source=crm&utm_medium=sms", "SMS", "medium sms"),
      ("utm_source=crm&utm_medium=web_push", "Mobile Push Notifications", "ends with push"),
      ("utm_source=firebase&utm_medium=x", "Mobile Push Notifications", "source firebase"),
      ("utm_source=blog.nl&utm_medium=referral", "Referral", "medium referral"),
      ("utm_source=(direct)&utm_medium=(none)", "Direct", "explicitly direct"),
      ("utm_source=partner&utm_medium=cpc", "Paid Search", "our own for Paid Other"),
      ("utm_source=partner&utm_medium=paid-social", "Paid Social", "our own: the medium says it"),
      ("utm_source=partner&utm_medium=retargeting", "Display", "our own for Paid Other"),
      ("utm_source=partner&utm_medium=qr", "Referral", "our own for Unassigned"),
      ("pk_campaign=mei&pk_source=google&pk_medium=cpc", "Paid Search", "Matomo's older names"),
      ("mtm_campaign=mei&mtm_medium=email", "Email", "Matomo's names"),
    ])
  func tags(query: String, origin: String, reason: String) {
    #expect(arrival("https://shop.nl/?" + query).origin?.name == origin, "\(reason)")
  }

  @Test(
    "a click id stands for the tags of its advertiser",
    arguments: [
      ("gclid=x", "Paid Search", "gclid"), ("gbraid=x", "Paid Search", "gbraid"),
      ("wbraid=x", "Paid Search", "wbraid"), ("gad_source=1&gclid=x", "Paid Search", "gclid"),
      ("msclkid=x", "Paid Search", "msclkid"), ("dclid=x", "Display", "dclid"),
      ("fbclid=x", "Organic Social", "fbclid"),
      ("fbclid=x&utm_medium=cpc", "Paid Social", "fbclid"),
      ("ttclid=x", "Paid Social", "ttclid"), ("li_fat_id=x", "Paid Social", "li_fat_id"),
      ("twclid=x", "Paid Social", "twclid"), ("awc=x", "Affiliates", "awc"),
      ("mc_eid=x", "Email", "mc_eid"), ("srsltid=x", "Organic Shopping", "srsltid"),
      ("utm_source=old&utm_medium=email&gclid=x", "Paid Search", "gclid"),
    ])
  func clicks(query: String, origin: String, click: String) {
    let found = arrival("https://shop.nl/p?" + query, referrer: "")
    #expect(found.origin?.name == origin)
    #expect(found.click == click)
  }

  @Test(
    "without tags the referrer decides",
    arguments: [
      ("https://www.google.nl/", "Organic Search", "every country's ending"),
      ("https://www.google.co.uk/search?q=x", "Organic Search", "an ending of two parts"),
      ("https://nl.search.yahoo.com/", "Organic Search", "a host of a host"),
      ("android-app://com.google.android.googlequicksearchbox/", "Organic Search", "an app"),
      ("https://duckduckgo.com", "Organic Search", "no slash"),
      ("https://l.facebook.com/l.php?u=x", "Organic Social", "Facebook's way out"),
      ("https://t.co/abc", "Organic Social", "X's short links"),
      ("https://lnkd.in/abc", "Organic Social", "LinkedIn's short links"),
      ("https://www.pinterest.co.uk/pin/1", "Organic Social", "every country's ending"),
      ("https://m.youtube.com/watch", "Organic Video", "the mobile host"),
      ("https://www.bol.com/nl", "Organic Shopping", "a shopping site"),
      ("https://shopping.google.com/", "Organic Shopping", "more exact than google"),
      ("https://mail.google.com/", "Email", "our own: mail in a browser"),
      ("https://docs.google.com/document/1", "Referral", "nobody searches there"),
      ("https://chatgpt.com/", "Referral", "AI assistants have no own channel here"),
      ("https://gemini.google.com/app", "Referral", "nor has Google's"),
      ("https://google.evil.com/", "Referral", "a name that only begins so"),
      ("https://blog.nl/post", "Referral", "any other site"),
      ("https://USER@WWW.Blog.NL:8080/post", "Referral", "case, port and user"),
    ])
  func referrers(referrer: String, origin: String, reason: String) {
    #expect(arrival("https://shop.nl/", referrer: referrer).origin?.name == origin, "\(reason)")
  }

  @Test(
    "within a visit, and where nothing is said, there is no origin",
    arguments: [
      ("https://www.shop.nl/a", "https://www.shop.nl/", "the same host"),
      ("https://www.shop.nl/a", "https://checkout.shop.nl/", "the same site"),
      ("https://shop.co.uk/a", "https://www.shop.co.uk/", "an ending of two parts"),
      ("https://www.shop.nl/a", nil, "the client says nothing"),
      ("https://www.shop.nl/a", "https://www.mollie.com/checkout", "back from paying"),
      (nil, nil, "an event of a server"),
    ] as [(String?, String?, String)])
  func within(url: String?, referrer: String?, reason: String) {
    #expect(arrival(url, referrer: referrer).origin == nil, "\(reason)")
  }

  @Test("an explicitly empty referrer without tags is direct, a neighbour's shop is not the same")
  func direct() {
    #expect(arrival("https://shop.nl/", referrer: "").origin?.name == "Direct")
    let neighbour = arrival("https://a.myshopify.com/", referrer: "https://b.myshopify.com/")
    #expect(neighbour.origin?.name == "Referral")
    #expect(neighbour.referrer == "b.myshopify.com")
  }

  @Test("tags count within a visit too, and the event's own come before the address's")
  func tagsFirst() {
    let tagged = arrival(
      "https://shop.nl/?utm_source=google&utm_medium=cpc", referrer: "https://shop.nl/")
    #expect(tagged.origin?.name == "Paid Search")
    let own = arrival(
      "https://shop.nl/?utm_source=google&utm_medium=cpc&utm_campaign=a+b%21",
      tags: CampaignTags(source: "crm", medium: "email"))
    #expect(own.origin?.name == "Email")
    #expect(own.tags.name == "a b!")
  }

  @Test("tags stand in the fragment too, and an address without values has none")
  func places() {
    #expect(
      arrival("https://shop.nl/#utm_source=bing&utm_medium=cpc").origin?.name == "Paid Search")
    #expect(arrival("https://shop.nl/?utm_source=&utm_medium&&=&?#", referrer: nil).origin == nil)
  }

  @Test("the campaign and the facts become the touchpoint's, the click id's value does not")
  func properties() throws {
    let touchpoint = try touchpoint(
      contextEvent {
        $0.page.url =
          "https://shop.nl/p?utm_campaign=mei&utm_source=google&utm_medium=cpc&utm_term=schoen"
          + "&utm_content=b&utm_id=7&gclid=SECRET"
        $0.page.referrer = "https://www.google.nl/"
      })
    #expect(touchpoint.origin?.name == "Paid Search")
    #expect(touchpoint.campaign == "mei")
    #expect(touchpoint.content == "/p")
    #expect(touchpoint.properties["context.term"] == .text("schoen"))
    #expect(touchpoint.properties["context.creative"] == .text("b"))
    #expect(touchpoint.properties["context.campaignID"] == .text("7"))
    #expect(touchpoint.properties["context.referrer"] == .text("google.nl"))
    #expect(touchpoint.properties["context.click"] == .text("gclid"))
    #expect(!touchpoint.properties.pairs.contains { $0.value == .text("SECRET") })
  }

  @Test("all origins are names of the vocabulary")
  func vocabulary() {
    for origin in [
      Origin.direct, .organicSearch, .paidSearch, .display, .organicSocial, .paidSocial, .email,
      .sms, .affiliates, .referral, .organicVideo, .paidVideo, .organicShopping, .paidShopping,
      .crossNetwork, .audio, .push,
    ] {
      #expect(Origin.vocabulary.names.contains(origin.name))
    }
  }

  @Test(
    "a star stands for any characters",
    arguments: [
      ("partner*", "Partner-A", true), ("*.nl", "blog.nl", true), ("*.nl", "blog.be", false),
      ("a*b*c", "a--b--b--c", true), ("a*b*c", "a--c--b", false), ("*", "", true),
      ("", "", true), ("", "a", false), ("a**b", "ab", true), ("ab", "abc", false),
    ])
  func wildcards(pattern: String, text: String, isMatch: Bool) {
    #expect(Wildcard(pattern).matches(text) == isMatch)
  }

  @Test(
    "a page's path and host are read from any address",
    arguments: [
      ("https://www.Shop.nl/a/b?c#d", "/a/b", "shop.nl"), ("https://shop.nl", "/", "shop.nl"),
      ("https://shop.nl?x=/y", "/", "shop.nl"), ("/a?b", "/a", nil), ("a/b", nil, nil),
      ("//shop.nl/x", "/x", "shop.nl"), ("http://[2001:db8::1]:80/x", "/x", "[2001:db8::1]"),
      ("http://localhost:8080/x", "/x", "localhost"), ("about:blank", nil, nil), ("", nil, nil),
      ("https://", "/", nil), ("shop.nl/x", nil, "shop.nl"),
    ] as [(String, String?, String?)])
  func addresses(url: String, path: String?, host: String?) {
    #expect(PageAddress.path(url) == path)
    #expect(PageAddress.host(url) == host)
  }
}

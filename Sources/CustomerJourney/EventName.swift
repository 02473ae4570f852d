/// What happened at a touchpoint: `Product Viewed`, `Order Completed`, or an own name.
///
/// The built-in names are those that clients of the Segment family already send; names of other
/// clients are mapped to them at the door, so that rules and models need only one word for a thing.
package struct EventName: VocabularyName {
  package let name: String
  package init(canonical name: String) { self.name = name }

  package static let pageViewed = EventName(canonical: "Page Viewed")
  package static let pageRead = EventName(canonical: "Page Read")
  package static let contentClicked = EventName(canonical: "Content Clicked")
  package static let cartUpdated = EventName(canonical: "Cart Updated")
  package static let goalReached = EventName(canonical: "Goal Reached")
  package static let productViewed = EventName(canonical: "Product Viewed")
  package static let productAdded = EventName(canonical: "Product Added")
  package static let productRemoved = EventName(canonical: "Product Removed")
  package static let orderCompleted = EventName(canonical: "Order Completed")
  package static let orderRefunded = EventName(canonical: "Order Refunded")

  package static let vocabulary = Vocabulary([
    // Being seen and looking around.
    ("Ad Impression", "Advertentie gezien", ["impression"]),
    ("Ad Clicked", "Advertentie aangeklikt", []),
    ("Page Viewed", "Pagina bekeken", ["page", "page_view", "pageview", "$pageview"]),
    ("Page Read", "Pagina gelezen", ["page_ping", "user_engagement"]),
    ("Screen Viewed", "Scherm bekeken", ["screen", "screen_view", "$screen"]),
    ("Page Left", "Pagina verlaten", ["page_leave", "$pageleave"]),
    ("Application Installed", "App geïnstalleerd", ["first_open"]),
    ("Application Opened", "App geopend", ["app_open"]),
    ("Session Started", "Bezoek begonnen", ["session_start"]),
    ("Content Viewed", "Inhoud bekeken", ["view_content"]),
    ("Content Clicked", "Inhoud aangeklikt", ["select_content"]),
    ("Video Watched", "Video bekeken", ["video_start", "video_complete"]),
    ("File Downloaded", "Bestand gedownload", ["file_download", "download"]),
    ("Link Clicked", "Link aangeklikt", ["click", "link_click"]),
    // Looking for something.
    ("Products Searched", "Producten gezocht", ["search", "view_search_results", "site_search"]),
    ("Product List Viewed", "Productlijst bekeken", ["view_item_list", "category viewed"]),
    ("Product List Filtered", "Productlijst gefilterd", []),
    ("Promotion Viewed", "Actie bekeken", ["view_promotion"]),
    ("Promotion Clicked", "Actie aangeklikt", ["select_promotion"]),
    ("Product Clicked", "Product aangeklikt", ["select_item"]),
    ("Product Viewed", "Product bekeken", ["view_item"]),
    ("Product Compared", "Product vergeleken", ["compare"]),
    ("Review Read", "Recensie gelezen", []),
    ("Store Located", "Winkel gezocht", ["find_location"]),
    // Getting to know each other.
    ("Form Submitted", "Formulier verzonden", ["form_submit", "submit_form"]),
    ("Consent Changed", "Toestemming gewijzigd", ["segment consent preference updated"]),
    ("Signed Up", "Aangemeld", ["sign_up", "account created"]),
    ("Signed In", "Ingelogd", ["login"]),
    ("Subscribed", "Ingeschreven", ["newsletter subscribed"]),
    ("Unsubscribed", "Uitgeschreven", []),
    ("Lead Generated", "Lead", ["generate_lead"]),
    ("Quote Requested", "Offerte gevraagd", []),
    ("Quote Opened", "Offerte geopend", []),
    ("Demo Requested", "Demo gevraagd", []),
    ("Chat Started", "Chat begonnen", []),
    ("Sales Contacted", "Contact met verkoop", []),
    // Buying.
    ("Product Added to Wishlist", "Op verlanglijst gezet", ["add_to_wishlist"]),
    ("Product Removed from Wishlist", "Van verlanglijst gehaald", ["remove_from_wishlist"]),
    (
      "Product Added", "In mandje gelegd", ["add_to_cart", "wishlist product added to cart"]
    ),
    ("Product Removed", "Uit mandje gehaald", ["remove_from_cart"]),
    ("Cart Viewed", "Mandje bekeken", ["view_cart"]),
    ("Cart Updated", "Mandje gewijzigd", ["cart_update"]),
    ("Coupon Applied", "Kortingscode gebruikt", ["coupon entered"]),
    ("Coupon Denied", "Kortingscode geweigerd", []),
    ("Coupon Removed", "Kortingscode verwijderd", []),
    ("Checkout Started", "Afrekenen begonnen", ["begin_checkout"]),
    ("Checkout Step Viewed", "Afrekenstap bekeken", []),
    ("Checkout Step Completed", "Afrekenstap voltooid", ["add_shipping_info"]),
    ("Payment Info Entered", "Betaalgegevens ingevuld", ["add_payment_info"]),
    ("Payment Failed", "Betaling mislukt", []),
    (
      "Order Completed", "Bestelling geplaatst", ["purchase", "order placed", "checkout completed"]
    ),
    ("Goal Reached", "Doel bereikt", []),
    ("Donation Made", "Donatie gedaan", ["donate"]),
    ("Appointment Booked", "Afspraak gemaakt", ["booking completed"]),
    // Delivery and use.
    ("Order Updated", "Bestelling gewijzigd", []),
    ("Order Shipped", "Bestelling verzonden", ["order fulfilled"]),
    ("Order Delivered", "Bestelling geleverd", ["delivered"]),
    ("Order Tracked", "Bestelling gevolgd", []),
    ("Order Cancelled", "Bestelling geannuleerd", ["order canceled"]),
    ("Order Refunded", "Bestelling terugbetaald", ["refund"]),
    ("Product Activated", "In gebruik genomen", ["activation"]),
    ("Manual Viewed", "Handleiding bekeken", []),
    ("Support Requested", "Hulp gevraagd", ["ticket created"]),
    ("Support Resolved", "Hulp gegeven", ["ticket solved"]),
    ("Account Viewed", "Account bekeken", []),
    // Staying, leaving, bringing others.
    ("Subscription Started", "Abonnement begonnen", []),
    ("Subscription Renewed", "Abonnement verlengd", ["renewal"]),
    ("Subscription Cancelled", "Abonnement opgezegd", ["churn"]),
    ("Contract Ending", "Contract loopt af", ["contract ends"]),
    ("Coupon Redeemed", "Kortingsbon ingeleverd", []),
    ("Survey Answered", "Enquête ingevuld", ["nps"]),
    ("Product Reviewed", "Product beoordeeld", ["review"]),
    ("Product Shared", "Product gedeeld", ["share", "cart shared"]),
    ("Referral Made", "Iemand aangebracht", ["invite sent", "referral"]),
    // What we send.
    ("Message Sent", "Bericht verzonden", ["email sent", "campaign sent"]),
    ("Message Delivered", "Bericht bezorgd", ["email delivered"]),
    ("Message Opened", "Bericht geopend", ["email opened"]),
    ("Message Clicked", "Bericht aangeklikt", ["email link clicked", "email clicked"]),
    ("Message Bounced", "Bericht niet bezorgd", ["email bounced"]),
    ("Message Marked as Spam", "Bericht als spam gemeld", ["email marked as spam"]),
  ])
}

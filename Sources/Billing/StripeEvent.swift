// What Stripe tells, as far as we look at it: which subscription an event is about, and for whom it was bought. Nothing of what
// it says of the subscription's state is believed: that is read again, for events come late, twice and in any order.

import FoundationEssentials

/// Bytes that are not what Stripe sends.
package struct StripeShapeError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}

/// An event.
package struct StripeEvent: Codable, Hashable, Sendable {
  package let id: String
  package let type: String
  /// Seconds since 1970 UTC; several events may have the same.
  package let created: Int
  package let livemode: Bool
  /// What it is about; nil for an event that concerns no subscription.
  package let concern: Concern?

  /// The subscription that an event speaks of.
  package struct Concern: Codable, Hashable, Sendable {
    package let subscription: String
    package let customer: String
    /// The account that a checkout was begun for (`client_reference_id`).
    package let account: String?

    package init(subscription: String, customer: String, account: String?) {
      self.subscription = subscription
      self.customer = customer
      self.account = account
    }
  }

  package init(id: String, type: String, created: Int, livemode: Bool, concern: Concern?) {
    self.id = id
    self.type = type
    self.created = created
    self.livemode = livemode
    self.concern = concern
  }

  /// Reads an event of the webhook or of `GET /v1/events/…`.
  package init(json bytes: [UInt8]) throws(StripeShapeError) {
    let head = try StripeJSON.decode(Head.self, bytes)
    // The bound of periods, too: until the year 2514, and milliseconds of it are no overflow.
    guard head.object == "event", StripeID.isValid(head.id), head.type.utf8.count <= 200,
      (0..<1 << 34).contains(head.created)
    else {
      throw StripeShapeError("this is no event of Stripe's")
    }
    self.init(
      id: head.id, type: head.type, created: head.created, livemode: head.livemode,
      concern: try Self.concern(of: head.type, bytes))
  }

  private static func concern(
    of type: String, _ bytes: [UInt8]
  ) throws(StripeShapeError) -> Concern? {
    let isSubscription = type.hasPrefix("customer.subscription.")
    let isCheckout =
      type == "checkout.session.completed" || type == "checkout.session.async_payment_succeeded"
    // Of others we need not even know the shape.
    guard isSubscription || isCheckout || type.hasPrefix("invoice.") else { return nil }
    let object = try StripeJSON.decode(Body.self, bytes).data.object
    let subscription =
      isSubscription
      ? object.id : (object.subscription ?? object.parent?.subscription_details?.subscription)?.id
    // A single payment, or an invoice written by hand.
    guard let subscription, let customer = object.customer?.id else { return nil }
    guard StripeID.isValid(subscription), StripeID.isValid(customer) else {
      throw StripeShapeError("an id in the event is none of Stripe's")
    }
    return Concern(
      subscription: subscription, customer: customer,
      account: isCheckout ? object.client_reference_id : nil)
  }

  private struct Head: Decodable {
    let object, id, type: String
    let created: Int
    let livemode: Bool
  }

  private struct Body: Decodable {
    struct Holder: Decodable { let object: Object }
    struct Object: Decodable {
      let id: String?
      let customer, subscription: StripeReference?
      let client_reference_id: String?
      let parent: Parent?
    }
    // Where invoices name their subscription since API version 2025-03-31.
    struct Parent: Decodable { let subscription_details: Details? }
    struct Details: Decodable { let subscription: StripeReference? }
    let data: Holder
  }
}

/// An object that is there by its id, or whole.
struct StripeReference: Decodable {
  let id: String

  private struct Whole: Decodable { let id: String }

  init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      id = text
    } else {
      id = try Whole(from: decoder).id
    }
  }
}

/// Names of Stripe's objects.
package enum StripeID {
  /// Whether a text can be one; then it can stand in an address.
  package static func isValid(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95
      }
  }
}

/// JSON from Stripe; types must be what they are said to be.
enum StripeJSON {
  static func decode<Value: Decodable>(
    _ type: Value.Type, _ bytes: [UInt8]
  ) throws(StripeShapeError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch DecodingError.keyNotFound(let key, _) {
      throw StripeShapeError("the member \(key.stringValue) is missing")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context)
    {
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw StripeShapeError("the member \(path) is of another type")
    } catch {
      throw StripeShapeError("this is no JSON")
    }
  }
}

import Foundation

/// At most so many, or such a share.
public struct Allowance: Sendable, Equatable, CustomStringConvertible {
  let count: Int?
  let share: Double

  public init(count: Int) { self.init(count: count, share: 0) }

  public init(share: Double) { self.init(count: nil, share: share) }

  private init(count: Int?, share: Double) {
    self.count = count
    self.share = share
  }

  /// `N` or `P%`.
  /// - Throws: `SurprisalError.notAnAllowance`.
  public init(_ text: String, of origin: String) throws(SurprisalError) {
    if text.hasSuffix("%"), let percent = Double(text.dropLast()), (0...100).contains(percent) {
      self.init(share: percent / 100)
    } else if let count = Int(text), count >= 0 {
      self.init(count: count)
    } else {
      throw .notAnAllowance(text, of: origin)
    }
  }

  public func holds(_ found: Int, of total: Int) -> Bool {
    found <= count ?? Int((share * Double(total)).rounded(.down))
  }

  public var description: String { count.map { "\($0)" } ?? String(format: "%g%%", share * 100) }
}

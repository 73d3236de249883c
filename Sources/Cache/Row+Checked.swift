import Foundation
import GRDB

/// A value of another kind than its column's.
struct Misfit: Error {}

extension Row {
  // A damaged row may hold anything, and GRDB's own subscripts trap on what they cannot take.

  func blob(_ index: Int) throws(Misfit) -> Data {
    guard let value = Data.fromDatabaseValue(self[index]) else { throw Misfit() }
    return value
  }

  func number(_ index: Int) throws(Misfit) -> Int64 {
    guard let value = Int64.fromDatabaseValue(self[index]) else { throw Misfit() }
    return value
  }
}

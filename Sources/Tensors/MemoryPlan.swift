/// Which buffer each tensor lies in, decided before any is allocated; tensors whose lives do not overlap share one.
struct MemoryPlan: Equatable {
  /// How long a tensor must keep its memory.
  struct Life: Equatable {
    let bytes: Int
    /// The step that first names it and the one that last does, counted over all steps in order.
    let first: Int
    var last: Int
  }

  /// Bytes of each buffer.
  private(set) var buffers: [Int] = []
  /// The buffer of each tensor.
  private(set) var places: [Int] = []

  /// Gives each tensor the smallest free buffer that holds it, or a new one. O(tensors * buffers).
  ///
  /// - Parameter lives: by `first`, ascending.
  init(_ lives: [Life]) {
    var busyUntil: [Int] = []
    for life in lives {
      let free = buffers.indices.filter { busyUntil[$0] < life.first && buffers[$0] >= life.bytes }
      if let best = free.min(by: { buffers[$0] < buffers[$1] }) {
        busyUntil[best] = life.last
        places.append(best)
      } else {
        places.append(buffers.count)
        buffers.append(life.bytes)
        busyUntil.append(life.last)
      }
    }
  }

  /// Gives every slot of the steps memory, unless it has some.
  /// - Throws: `EngineError.outOfMemory`, with nothing allocated, when there is not enough.
  static func assign(_ steps: [Step]) throws(EngineError) {
    var slots: [Slot] = []
    var lives: [Life] = []
    var pinned: [Slot] = []
    var index: [ObjectIdentifier: Int] = [:]
    for (time, step) in steps.enumerated() {
      for argument in step.arguments where !argument.slot.isPlaced {
        let (slot, key) = (argument.slot, ObjectIdentifier(argument.slot))
        if slot.isPinned {
          if index.updateValue(-1, forKey: key) == nil { pinned.append(slot) }
        } else if let known = index[key] {
          lives[known].last = time
        } else {
          index[key] = lives.count
          slots.append(slot)
          lives.append(Life(bytes: slot.bytes, first: time, last: time))
        }
      }
    }
    let plan = MemoryPlan(lives)
    let needed = plan.buffers.reduce(0, +) + pinned.reduce(0) { $0 + $1.bytes }
    guard needed <= MemoryLimit.bytes else {
      throw .outOfMemory(needed: needed, available: MemoryLimit.bytes)
    }
    for slot in pinned { slot.place(in: AlignedBuffer(bytes: slot.bytes)) }
    let buffers = plan.buffers.map { AlignedBuffer(bytes: $0) }
    for (slot, place) in zip(slots, plan.places) { slot.place(in: buffers[place]) }
  }
}

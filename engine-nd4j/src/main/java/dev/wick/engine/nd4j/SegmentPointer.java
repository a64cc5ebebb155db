package dev.wick.engine.nd4j;

import java.lang.foreign.MemorySegment;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** Native memory that belongs to somebody else, as ND4J wants it: without a deallocator. */
final class SegmentPointer extends FloatPointer {
  SegmentPointer(MemorySegment segment, long byteOffset, long elements) {
    super((Pointer) null);
    address = segment.address() + byteOffset;
    position = 0;
    limit = elements;
    capacity = elements;
  }
}

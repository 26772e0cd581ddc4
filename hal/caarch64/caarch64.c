// Includes every header, so that SwiftPM notices an edit of one of them.
#include "caarch64.h"

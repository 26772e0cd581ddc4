#include "caarch64.h"
